"""The form of a mapping: what it is for, and its document as the editor writes it."""

import json
from typing import Any

from django import forms
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.errors import FieldFault, Refused
from leads.domain.hooks.take import sample_records
from leads.domain.mapping.doors import doors
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import DocumentNotValid, read_document
from leads.domain.mapping.mappings import document_faults, name_faults, sample_faults
from leads.domain.mapping.sample import read_sample
from leads.models import SourceMapping
from leads.queries.mapping_preview import converted

NEW = {"fields": {"id": ""}, "actions": []}


class MappingForm(forms.ModelForm[SourceMapping]):
    """A mapping with its document; the sample is only tried, and never stored."""

    door = forms.ChoiceField(
        label="Records come from",
        choices=lambda: list(doors().items()),
        widget=UnfoldAdminSelectWidget,
        help_text="A source can have several mappings, for example one for files and one for each webhook.",
    )
    document = forms.JSONField(required=False, widget=forms.HiddenInput)
    since = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    sample = forms.CharField(required=False, strip=False, widget=forms.Textarea)
    reason = forms.CharField(
        required=False,
        max_length=500,
        label="What you changed, and why",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = SourceMapping
        fields = ("source", "name", "door", "place", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self.instance.revisions.order_by("-number").first() if self.instance.pk else None
        self.initial["document"] = last.document if last else NEW
        self.initial["since"] = last.number if last else 0
        self.last_document = last.document if last else None

    @property
    def written(self) -> str:
        """The document for the editor, as it was typed or is stored."""
        given = self["document"].value()
        return given if isinstance(given, str) else json.dumps(given)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if "source" in given:
            mapping = understood(SourceMapping, given, "source", "name", "door", pk=self.instance.pk)
            tell(self, [fault for fault in name_faults(mapping) if fault.field in self.fields])
        document = given.get("document")
        faults = document_faults(document) or self._sample_faults(
            document, given.get("sample", ""), door=given.get("door", "")
        )
        tell(self, [FieldFault("", fault.code, fault.words) for fault in faults])
        is_changed = self.last_document is not None and document != self.last_document
        if is_changed and not given.get("reason", "").strip():
            tell(self, [FieldFault("reason", "reason_missing", "Enter what you changed, and why.")])
        return given

    @staticmethod
    def _sample_faults(document: Any, sample: str, *, door: str) -> list[FieldFault]:
        """A field that finds nothing in any pasted record is probably misspelled."""
        try:
            converter = Converter([read_document(document)])
            records = sample_records(door, read_sample(sample), at=now())
        except (Refused, DocumentNotValid):
            return []
        for record in records:
            converted(converter, record, door=door)
        return sample_faults(converter.found)
