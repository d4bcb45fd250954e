"""Kiteline Chat, the project in which most happens: what people did in it, and what the rules did not allow."""

from __future__ import annotations

from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.keys.permissions import KeyChangeIsNotPermitted
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import ProjectStatus, Region
from erebus.blueprints.projects.permissions import ProjectChangeIsNotPermitted
from erebus.demo import deeds
from erebus.demo.moments import ago, day, long_ago
from erebus.demo.stage import Scene
from erebus.permissions import Role

TITLE = "Kiteline Chat"
DEVELOPMENT, PRODUCTION = Environment.DEVELOPMENT, Environment.PRODUCTION

BOOTHS = ("Trade fair, booth 1", "Trade fair, booth 2", "Trade fair, backup")

BEGINNINGS = (
    Scene(long_ago(130, "09:30"), "owner", deeds.create_project("chat", "Kiteline", Region.GLOBAL)),
    Scene(long_ago(130, "09:42"), "owner", deeds.create_key("chat", "import", "Import from old help desk", PRODUCTION)),
    Scene(long_ago(130, "10:35"), "owner", deeds.add("chat", "colleague", Role.ADMIN)),
    Scene(long_ago(130, "13:05"), "colleague", deeds.create_key("chat", "web", "Web widget", PRODUCTION)),
    Scene(long_ago(116, "09:20"), "colleague", deeds.add("chat", "developer", Role.DEVELOPER)),
    Scene(long_ago(116, "09:50"), "developer", deeds.create_key("chat", "staging", "Staging", DEVELOPMENT)),
    Scene(long_ago(112, "09:05"), "colleague", deeds.add("chat", "support", Role.SUPPORT)),
    Scene(long_ago(71, "11:15"), "owner", deeds.rename("chat", TITLE)),
    Scene(long_ago(71, "11:19"), "owner", deeds.set_webhook("chat", "https://hooks.kiteline.example")),
    Scene(long_ago(48, "14:40"), "developer", deeds.create_key("chat", "load", "Load test", DEVELOPMENT)),
    Scene(long_ago(34, "10:10"), "colleague", deeds.create_key("chat", "partner", "Halden Library", PRODUCTION)),
    Scene(
        long_ago(33, "09:25"),
        "colleague",
        deeds.at_once(*(deeds.create_key("chat", booth, booth, PRODUCTION) for booth in BOOTHS)),
    ),
)

FIRST_WEEK = (
    Scene(day(1, "09:04"), "developer", deeds.create_key("chat", "mobile", "Mobil app", PRODUCTION)),
    Scene(day(1, "09:06"), "developer", deeds.change_label("mobile", "Mobile app")),
    Scene(
        day(1, "10:26"),
        "support",
        deeds.overreach("project:keys:disable", "chat", "partner"),
        KeyChangeIsNotPermitted,
    ),
    Scene(day(1, "10:41"), "colleague", deeds.disable("partner")),
    Scene(day(1, "14:12"), "developer", deeds.change_label("partner", "Halden Library (unpaid)"), keys.KeyIsDisabled),
    Scene(day(2, "09:33"), "colleague", deeds.enable("partner")),
    Scene(day(2, "09:35"), "colleague", deeds.change_label("partner", "Halden and Moss Libraries")),
    Scene(day(2, "15:20"), "developer", deeds.delete_key("staging"), keys.KeyIsNotRevoked),
    Scene(day(3, "09:48"), "developer", deeds.create_key("chat", "staging2", "Staging, second region", DEVELOPMENT)),
    Scene(
        day(3, "11:02"),
        "colleague",
        deeds.set_webhook("chat", "https://hooks.kiteline.example/chat/events"),
        projects.WebhookUrlIsNotAllowed,
    ),
    Scene(day(3, "11:04"), "colleague", deeds.set_webhook("chat", "https://chat-hooks.kiteline.example")),
    Scene(
        day(3, "16:15"),
        "developer",
        deeds.overreach("project:settings:update", "chat", title="Kiteline Chat 2"),
        ProjectChangeIsNotPermitted,
    ),
    Scene(day(4, "10:08"), "owner", deeds.create_key("chat", "export", "Data warehouse export", PRODUCTION)),
    Scene(day(4, "13:37"), "developer", deeds.revoke("staging", ""), keys.RevocationNeedsReason),
    Scene(day(4, "13:38"), "developer", deeds.revoke("staging", "Replaced by the key of the second region")),
    Scene(day(4, "13:52"), "developer", deeds.enable("staging"), keys.KeyIsRevoked),
    Scene(day(5, "09:55"), "owner", deeds.add("chat", "support", Role.DEVELOPER), projects.AlreadyMember),
    Scene(day(4, "15:25"), "colleague", deeds.change_label("import", "Import from old help desk (needed?)")),
    Scene(
        day(5, "11:12"),
        "developer",
        deeds.overreach("project:settings:update", "chat", webhook_url="https://mei.kiteline.example"),
        ProjectChangeIsNotPermitted,
    ),
    Scene(day(5, "15:44"), "colleague", deeds.change_label("web", "Web widget, all sites")),
)

SECOND_WEEK = (
    Scene(day(6, "11:47"), "owner", deeds.set_webhook("chat", "http://localhost"), projects.WebhookUrlIsNotAllowed),
    Scene(day(6, "16:30"), "developer", deeds.delete_key("staging")),
    Scene(day(7, "10:17"), "owner", deeds.set_status("chat", ProjectStatus.ARCHIVED)),
    Scene(
        day(7, "10:19"),
        "developer",
        deeds.create_key("chat", "never", "Chat bot", DEVELOPMENT),
        keys.ProjectIsArchived,
    ),
    Scene(day(7, "10:23"), "colleague", deeds.rename("chat", "Kiteline Chat EU"), projects.ProjectIsArchived),
    Scene(day(7, "10:31"), "owner", deeds.set_status("chat", ProjectStatus.ACTIVE)),
    Scene(day(7, "10:34"), "developer", deeds.create_key("chat", "bot", "Chat bot", DEVELOPMENT)),
    Scene(day(8, "09:14"), "owner", deeds.delete_project("chat", TITLE), projects.ProjectHasActiveKeys),
    Scene(day(8, "10:40"), "developer", deeds.disable("bot")),
    Scene(day(8, "14:03"), "colleague", deeds.disable("export")),
    Scene(day(8, "16:45"), "owner", deeds.set_webhook("chat", "https://hooks.kiteline.example")),
    Scene(day(9, "09:40"), "owner", deeds.rename("chat", "Kiteline Docs"), projects.TitleIsTaken),
    Scene(day(9, "10:05"), "developer", deeds.change_label("bot", "Answering bot"), keys.KeyIsDisabled),
    Scene(day(9, "10:06"), "developer", deeds.enable("bot")),
    Scene(day(9, "10:07"), "developer", deeds.change_label("bot", "Answering bot, three languages")),
    Scene(
        day(9, "11:29"),
        "support",
        deeds.overreach("project:keys:create", "chat", label="Jonas tries things", environment="development"),
        KeyChangeIsNotPermitted,
    ),
    Scene(day(9, "15:10"), "colleague", deeds.create_key("chat", "depot", "Zürich depot tablets", PRODUCTION)),
    Scene(day(10, "10:02"), "colleague", deeds.overreach("project:delete", "chat"), ProjectChangeIsNotPermitted),
    Scene(
        day(10, "11:33"),
        "support",
        deeds.overreach("project:keys:update", "chat", "web", label="Web widget, new sites"),
        KeyChangeIsNotPermitted,
    ),
    Scene(
        day(10, "14:20"),
        "colleague",
        deeds.at_once(*(deeds.revoke(booth, "The trade fair is over") for booth in BOOTHS)),
    ),
    Scene(day(10, "16:08"), "developer", deeds.delete_key("bot"), keys.KeyIsNotRevoked),
    Scene(day(10, "16:10"), "developer", deeds.revoke("bot", "The trial is over; the bot comes back next year")),
)

TODAY = (
    Scene(ago(305), "developer", deeds.delete_key("bot")),
    Scene(ago(214), "colleague", deeds.change_label("depot", "Zürich and Bern depot tablets")),
    Scene(
        ago(171),
        "support",
        deeds.overreach("project:keys:revoke", "chat", "partner", reason="It leaked"),
        KeyChangeIsNotPermitted,
    ),
    Scene(ago(166), "owner", deeds.disable("partner")),
    Scene(ago(139), "owner", deeds.revoke("partner", "Its secret was found in a public repository")),
    Scene(ago(97), "developer", deeds.change_label("partner", "Halden Library (old)"), keys.KeyIsRevoked),
    Scene(ago(88), "support", deeds.make_record("chat")),
    Scene(ago(52), "colleague", deeds.create_key("chat", "partner2", "Halden and Moss Libraries, new", PRODUCTION)),
    Scene(ago(24), "developer", deeds.disable("staging2")),
    Scene(ago(11), "developer", deeds.enable("staging2")),
)

SCENES = (*BEGINNINGS, *FIRST_WEEK, *SECOND_WEEK, *TODAY)
