"""What the audit page can be asked for."""

from django import forms

from ..layout.fields import DeskForm, LocalInstant
from .queries import Filter


class AuditForm(DeskForm):
    subject = forms.CharField(required=False, max_length=150)
    actor = forms.CharField(required=False, max_length=150)
    verb = forms.CharField(required=False, max_length=60)
    start = LocalInstant(required=False)
    end = LocalInstant(required=False)
    before = forms.IntegerField(required=False, min_value=1)

    def wanted(self) -> Filter:
        """The filter; nothing is filtered by a field that is wrong."""
        return Filter(**{name: value for name, value in self.cleaned_data.items() if value})
