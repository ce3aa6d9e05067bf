"""The form to propose a tool: what it is, where it is found, what it helps with."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import LinesField
from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Continuum, Kind
from mutualisation.kernel.documents import ACCEPT, DocumentError, read, too_heavy
from toolbox.models import Tool, ToolKind


class ProposedToolForm(VersionedForm):
    """What a member knows of a tool that helped her: a link or a file is needed."""

    needs_source = True

    kind = forms.ChoiceField(
        label=_("Quelle sorte d’outil?"),
        choices=ToolKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez la sorte d’outil : la plus proche suffit.")},
    )
    url = forms.URLField(
        label=_("Son adresse Web"),
        max_length=400,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=_("Celle du document ou de sa page, plutôt que l’accueil du site."),
        error_messages={"invalid": _("Cette adresse Web n’est pas complète : exemple.org, par exemple.")},
    )
    document = forms.FileField(
        label=_("Ou le fichier"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        help_text=_("PDF, DOCX, ODT, XLSX ou ODS, 10 Mo au plus, si vous avez le droit de le diffuser."),
    )
    drop_file = forms.BooleanField(label=_("Retirer le fichier actuel"), required=False)
    year = forms.IntegerField(
        label=_("Son année"),
        required=False,
        min_value=1900,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": _("Écrivez l’année en quatre chiffres."),
            "min_value": _("Écrivez l’année en quatre chiffres."),
        },
    )
    stages = forms.MultipleChoiceField(
        label=_("À quelles étapes du partage sert-il?"),
        choices=Continuum.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Pour partager quoi?"), choices=Kind.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    topics = LinesField(
        label=_("De quoi parle-t-il?"),
        longest=40,
        most=8,
        required=False,
        help_text=_("Un sujet par ligne : gouvernance, assurance, budget…"),
    )

    # the questions, one section each: anchor, words, fields
    sections: ClassVar[tuple[tuple[str, Any, tuple[str, ...]], ...]] = (
        ("outil", _("1. L’outil"), ("title", "kind", "why")),
        ("ou", _("2. Où il se trouve"), ("url", "document", "drop_file", "publisher", "year", "licence")),
        ("quand", _("3. Quand s’en servir"), ("stages", "kinds", "topics")),
    )

    class Meta:
        model = Tool
        fields = ("title", "kind", "why", "url", "publisher", "year", "licence", "stages", "kinds", "topics")
        labels = {
            "title": _("Comment s’appelle-t-il?"),
            "why": _("En quoi aide-t-il, en deux phrases?"),
            "publisher": _("Qui le publie?"),
            "licence": _("Sous quelle licence?"),
        }
        help_texts = {
            "why": _("À quoi il sert, et à qui."),
            "licence": _("« CC BY 4.0 », « libre de droits », « avec l’accord de l’auteur »."),
        }
        error_messages = {
            "title": {"required": _("Donnez le nom de cet outil.")},
            "why": {"required": _("Dites en deux phrases en quoi cet outil aide.")},
        }
        widgets = {"why": forms.Textarea(attrs={"rows": 4, "maxlength": 600})}

    def __init__(self, *args: Any, dropped: list[str] | None = None, **kwargs: Any) -> None:
        """``dropped`` are the names of the files that were too large to be read at all."""
        super().__init__(*args, **kwargs)
        self.dropped = dropped or []
        if not self.instance.file:
            del self.fields["drop_file"]
        dress(self)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean_year(self) -> int | None:
        year: int | None = self.cleaned_data["year"]
        if year and year > timezone.localdate().year + 1:
            raise forms.ValidationError(_("Cette année n’est pas encore là."))
        return year

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        parts = urlsplit(url)
        if url and parts.scheme not in ("http", "https"):
            raise forms.ValidationError(_("Une adresse Web commence par https://."))
        if self.needs_source and parts.path.strip("/"):  # many tools share the home page of their publisher
            bare = url.split("#")[0].rstrip("/")
            same = Tool.objects.published().exclude(pk=self.instance.pk).filter(url__in=[bare, f"{bare}/"]).first()
            if same:
                raise forms.ValidationError(
                    _("« %(title)s » est déjà dans la boîte à outils à cette adresse. S’il y a une erreur, signalez-la "
                      "sur sa page."), params={"title": same.title[:80]}
                )  # fmt: skip
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        sent = data.get("document")
        if self.dropped:
            self.add_error("document", too_heavy(self.dropped[0]))
        elif sent is not None:
            self._keep(sent)
        elif data.get("drop_file"):
            self.instance.file, self.instance.file_name, self.instance.file_size = "", "", 0
        nowhere = not data.get("url") and not self.instance.file and not {"document", "url"} & set(self.errors)
        if nowhere and self.needs_source:
            self.add_error("url", gettext("Donnez l’adresse Web de l’outil, ou joignez son fichier."))
        if self.errors and sent is not None and "document" not in self.errors:
            said = gettext(
                "Choisissez de nouveau « %(name)s » : un navigateur ne garde pas le fichier d’une page refusée."
            )
            self.add_error("document", said % {"name": sent.name[:80]})
        return data

    def _keep(self, sent: Any) -> None:
        try:
            document = read(sent)
        except DocumentError as error:
            self.add_error("document", str(error))
            return
        tool = self.instance
        tool.file_name, tool.file_size = document.name, sent.size
        tool.file = ContentFile(sent.read(), name=document.name)


class CuratedToolForm(ProposedToolForm):
    """The same for who curates it: a tool may wait for its address."""

    needs_source = False
