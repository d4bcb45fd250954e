"""Kiteline Billing, where a change of the payment provider nearly cost the project; and Docs, which has just begun."""

from __future__ import annotations

from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import ProjectStatus, Region
from erebus.demo import deeds
from erebus.demo.moments import day, long_ago
from erebus.demo.stage import Scene
from erebus.permissions import Role

TITLE = "Kiteline Billing"
DEVELOPMENT, PRODUCTION = Environment.DEVELOPMENT, Environment.PRODUCTION

SCENES = (
    Scene(long_ago(44, "13:20"), "colleague", deeds.create_project("billing", TITLE, Region.EU)),
    Scene(long_ago(44, "13:31"), "colleague", deeds.create_key("billing", "paylane", "Paylane checkout", PRODUCTION)),
    Scene(long_ago(40, "09:10"), "colleague", deeds.add("billing", "developer", Role.DEVELOPER)),
    Scene(long_ago(40, "10:45"), "developer", deeds.create_key("billing", "sandbox", "Paylane sandbox", DEVELOPMENT)),
    Scene(long_ago(40, "11:20"), "colleague", deeds.set_webhook("billing", "https://billing.kiteline.example")),
    Scene(day(3, "14:22"), "developer", deeds.create_key("billing", "invoices", "Invoice mailer", PRODUCTION)),
    Scene(day(5, "13:30"), "colleague", deeds.set_status("billing", ProjectStatus.MAINTENANCE)),
    Scene(day(5, "13:36"), "developer", deeds.disable("sandbox")),
    Scene(day(5, "13:41"), "colleague", deeds.revoke("paylane", "We leave Paylane at the end of the month")),
    Scene(day(5, "13:44"), "colleague", deeds.disable("invoices")),
    Scene(day(5, "14:02"), "colleague", deeds.delete_project("billing", TITLE), projects.ProjectHasWebhookUrl),
    Scene(day(5, "14:05"), "colleague", deeds.set_webhook("billing", "")),
    Scene(
        day(5, "14:06"), "colleague", deeds.delete_project("billing", "Kiteline Biling"), projects.ConfirmationIsWrong
    ),
    Scene(day(6, "10:12"), "colleague", deeds.set_webhook("billing", "https://billing.kiteline.example")),
    Scene(day(6, "10:15"), "colleague", deeds.enable("invoices")),
    Scene(day(6, "10:16"), "colleague", deeds.set_status("billing", ProjectStatus.ACTIVE)),
    Scene(day(8, "15:27"), "developer", deeds.revoke("sandbox", "Paylane is history")),
    Scene(day(8, "15:28"), "developer", deeds.delete_key("sandbox")),
    Scene(day(9, "13:50"), "colleague", deeds.change_label("invoices", "Invoice and reminder mailer")),
)

DOCS = (Scene(day(8, "11:08"), "owner", deeds.create_project("docs", "Kiteline Docs", Region.EU)),)
