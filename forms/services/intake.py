"""Phones' plain new records, many at once (`server.turns.Together`): who may send what is known from last time, and
looked at again in the transaction that stores the record, once for each phone and form in it.

Whatever is not plain (files, edits, repeats, public links, people, refusals) is left to `receive_submission`.
"""

import threading
from dataclasses import dataclass

from forms.form_cache import Meaning, meaning_of
from forms.instance.parse import open_submission
from forms.models import Form, FormVersion
from forms.services.gate import version_for
from forms.services.receiving import check_sender
from forms.services.storing import NewRecord, Parcel, Work, new_record, store_new
from server.people.authentication import app_user_of
from server.people.models import AppUser
from server.problems import Problem
from server.turns import Together

KEPT = 4096
Asked = tuple[str, int, str, str]  # a key, a project, a form and its version


@dataclass(frozen=True, slots=True)
class Leave:
    """That a phone may send records of a form version."""

    phone: AppUser
    form_version: FormVersion
    meaning: Meaning

    def is_still(self, now: "Leave | None") -> bool:
        """Whether a record that was read under this leave may be stored under the one of `now`."""
        return (
            now is not None
            and now.meaning is self.meaning
            and now.phone.pk == self.phone.pk
            and now.form_version.form_id == self.form_version.form_id
        )


@dataclass(slots=True)
class _Arrived:
    """A record on its way into the transaction."""

    asked: Asked
    leave: Leave
    record: NewRecord
    is_stored: bool = False


_known: dict[Asked, Leave] = {}
_lock = threading.Lock()


def take_in(key: str, project_id: int, xml: bytes, device_id: str, user_agent: str) -> bool:
    """Whether the record is stored; False, with nothing stored, for everything that is not a plain new record."""
    opened = open_submission(xml)
    envelope = opened.envelope
    if envelope.deprecated_id or envelope.is_encrypted:
        return False
    asked = (key, project_id, envelope.form_id, envelope.version)
    leave = _known.get(asked) or _remember(asked, _leave(asked))
    if leave is None:
        return False
    instance = leave.meaning.reader.read_opened(opened)
    parcel = Parcel(xml, device_id=device_id[:255], user_agent=user_agent[:255])
    work = Work(leave.form_version, leave.meaning, instance, parcel, leave.phone, False)
    arrived = _Arrived(asked, leave, new_record(work))
    _together(arrived)
    return arrived.is_stored


def _leave(asked: Asked) -> Leave | None:
    key, project_id, form_id, version = asked
    phone = app_user_of(key)
    if phone is None:
        return None
    try:
        check_sender(phone)
    except Problem:
        return None
    found = version_for(project_id, form_id, version, phone)
    if found is None or found.form.state == Form.State.CLOSED:
        return None
    return Leave(phone, found, meaning_of(found.pk, found.sha256))


def _remember(asked: Asked, leave: Leave | None) -> Leave | None:
    with _lock:
        if leave is None:
            _known.pop(asked, None)
        else:
            if len(_known) >= KEPT:
                _known.clear()
            _known[asked] = leave
    return leave


def _store(arrived: list[_Arrived]) -> None:
    now = {one: _leave(one) for one in {one.asked for one in arrived}}
    allowed = []
    for one in arrived:
        one.is_stored = False
        leave = _remember(one.asked, now[one.asked])
        if one.leave.is_still(leave):
            allowed.append(one)
    if allowed:
        store_new([one.record for one in allowed])
    for one in allowed:
        one.is_stored = one.record.submission.pk is not None


_together: Together[_Arrived] = Together(_store)
