"""Encrypted records for people: the archive in plain, for whom types the passphrases."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from exports.edge import note_export, told
from exports.filters.conditions import EVERYTHING
from exports.tables.archive import archive_entries, safe_name
from exports.tables.opening import Opener
from exports.tables.reading import source_of
from exports.tables.records import tables_of
from exports.tables.reshaping import CsvOptions
from exports.writers.text import begun
from exports.writers.zip import write_zip
from forms.files import disposition
from forms.models import Form, FormVersion
from forms.problems import UNDECRYPTABLE
from forms.services.encryption import managed_keys, open_keys
from forms.services.visibility import verb_to_read
from server.people.access import require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem

LONGEST = 1000  # characters of a passphrase


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
def encrypted(request: HttpRequest, form_id: int) -> HttpResponseBase:
    """The keys of a form with their hints; with their passphrases, its records as they were filled."""
    user = me(request)
    form = _form(user, form_id)
    if request.method != "POST":
        return _page(request, form, "")
    said = {key.pk: request.POST.get(f"key-{key.pk}", "") for key in managed_keys(form)}
    passphrases = {key: text for key, text in said.items() if text}
    if not passphrases:
        return _page(request, form, _("Type a passphrase."), status=400)
    try:
        return _archive(user, form, {key: text[:LONGEST] for key, text in passphrases.items()})
    except Problem as problem:
        if problem.kind is not UNDECRYPTABLE:
            raise
        return _page(request, form, told(problem), status=400)


def is_opened_with_passphrase() -> Exists:
    """Of a Form: some version was encrypted with a key of the project."""
    return Exists(FormVersion.objects.filter(form=OuterRef("pk"), key__is_managed=True))


def _form(user: User, form_id: int) -> Form:
    require(user, Verb.EXPORT_READ)
    rows = Form.objects.published().filter(is_opened_with_passphrase(), project__deleted_at=None)
    form = rows.select_related("current", "project").filter(pk=form_id).first()
    if form is None:
        raise Problem(NOT_FOUND)
    require(user, verb_to_read(form))
    return form


def _archive(user: User, form: Form, passphrases: dict[int, str]) -> HttpResponseBase:
    assert form.current is not None  # noqa: S101  only published forms come here
    keys = open_keys(form, passphrases)
    source = source_of(form, form.current, user, EVERYTHING)
    tables = tables_of(replace(source, opener=Opener(keys)), CsvOptions())
    details = {"file": "csv.zip", "decryptedWith": sorted(keys)}
    note_export(user, f"form:{form.xml_form_id}", form.project_id, details)
    chunks = begun(write_zip(archive_entries(tables, attachments=True)))
    answer = StreamingHttpResponse(chunks, content_type="application/zip")
    answer["Content-Disposition"] = disposition(f"{safe_name(form.xml_form_id)}.zip")
    answer["Cache-Control"] = "no-store"
    return answer


def _page(request: HttpRequest, form: Form, complaint: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "keys": managed_keys(form), "complaint": complaint}
    return render(request, "exports/encrypted.html", context, status=status)
