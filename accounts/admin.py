"""People in Django's admin."""

from typing import Any

import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 - registered there first, taken away below
from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.mail import enqueue
from accounts.models import Consent, Mail, User
from mutualisation.kernel.requests import ForgivingList

# One way in: codes, passkeys and rate limits hold there too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class PersonChangeForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(ForgivingList, DjangoUserAdmin):
    form = PersonChangeForm
    add_form = UserCreationForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login", "created_at")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "created_at", "closed_at")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Profil"), {"fields": ("name", "function", "language")}),
        (_("Droits"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "created_at", "closed_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )


class ReadOnly(admin.ModelAdmin):
    """What administrators read and nobody rewrites."""

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class MailStateFilter(admin.SimpleListFilter):
    """Sent, waiting, failed."""

    title = _("état")
    parameter_name = "etat"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("echec", _("en échec")), ("attente", _("en attente")), ("envoye", _("envoyés"))]

    def queryset(self, request: Any, queryset: Any) -> Any:
        if self.value() == "echec":
            return queryset.filter(sent_at__isnull=True).exclude(failure="")
        if self.value() == "attente":
            return queryset.filter(sent_at__isnull=True, failure="")
        if self.value() == "envoye":
            return queryset.filter(sent_at__isnull=False)
        return queryset


@admin.register(Mail)
class MailAdmin(ReadOnly):
    """What left, what waits, what fails and why. Never the text: it holds codes, and belongs to its reader."""

    list_display = ("created_at", "to", "subject", "state", "reason")
    list_filter = (MailStateFilter, "created_at")
    search_fields = ("to", "subject", "event")
    date_hierarchy = "created_at"
    fields = ("event", "to", "subject", "created_at", "sent_at", "failure")
    actions = ("send_again",)

    @admin.display(description=_("état"))
    def state(self, mail: Mail) -> str:
        if mail.sent_at:
            return gettext("envoyé")
        return gettext("en échec") if mail.failure else gettext("en attente")

    @admin.display(description=_("raison"))
    def reason(self, mail: Mail) -> str:
        return "" if mail.sent_at else mail.failure[:120]

    @admin.action(description=_("Essayer d’envoyer de nouveau"), permissions=["view"])
    def send_again(self, request: Any, queryset: Any) -> None:
        waiting = list(queryset.filter(sent_at__isnull=True))
        for mail in waiting:
            enqueue(mail)
        self.message_user(
            request, ngettext("%d courriel remis en file.", "%d courriels remis en file.", len(waiting)) % len(waiting)
        )


@admin.register(Consent)
class ConsentAdmin(ReadOnly):
    list_display = ("user", "purpose", "version", "given_at", "withdrawn_at")
    list_filter = ("purpose", "version")
    search_fields = ("user__email", "user__name")
    list_select_related = ("user",)


# Secrets of the second factor, and who is where now: nobody reads them here, not even to help.
admin.site.unregister(Authenticator)
admin.site.unregister(UserSession)
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ForgivingList, DjangoGroupAdmin):
    pass
