"""Why something did not happen, in words of ours: the text of an error holds values that nobody may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from erebus.trail import registry
from erebus.trail.best_effort import attempt_to
from erebus.trail.constraints import CHECK, FOREIGN_KEY, NOT_NULL, UNIQUE, violation
from erebus.trail.shapes import field_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

    from erebus.trail.refusal import Refused
    from erebus.trail.tried import Tried


def refusal_behind(tried: Tried, error: BaseException | None) -> Refused | None:
    """Return the refusal that the feature has mapped the constraint to that *error* speaks of."""
    capture, found = tried.capture, violation(error, tried.mapper)
    rule = registry.description_of(capture.model).constraints.get(found.name or "") if found else None
    if rule is None or tried.target is None:
        return None
    return attempt_to(lambda: rule.refuse(tried.target, capture.after, capture.action), None)


def reason(mapper: Mapper[Any], error: BaseException | None) -> str:
    """Return why what was tried with an entity of *mapper* did not happen."""
    if isinstance(error, (StaleDataError, ObjectDeletedError)):
        return "Somebody else changed or deleted it in the meantime."
    found = violation(error, mapper)
    if found is None:
        return f"An error stopped it ({type(error).__name__})." if error is not None else "An error stopped it."
    name_of = registry.description_of(mapper.class_).name_of
    is_own = found.table in {t.description for t in mapper.tables}  # and not that of its links
    names = " and ".join(name_of(field_in(mapper, column)) for column in found.columns if is_own)
    return {
        UNIQUE: f"There is one with the same {names or 'values'} already.",
        CHECK: f"It breaks a rule of the database{f' ({found.name})' if found.name else ''}.",
        NOT_NULL: f"{names or 'A value'} is missing.",
        FOREIGN_KEY: "It refers to something that is not there, or something else still refers to it.",
    }[found.kind]
