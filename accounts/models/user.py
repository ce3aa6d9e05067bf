"""People: one User, who signs in by e-mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates people from their e-mail address; looks them up whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person able to sign in. Raises ValueError without an e-mail address."""
        if not email:
            raise ValueError("Une adresse courriel est requise.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An administrator: every right, everywhere."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Nothing here is ever public; what others see of her is decided where it is shown."""

    email = models.EmailField(_("courriel"), unique=True)
    name = models.CharField(_("nom"), max_length=120, blank=True)
    language = models.CharField(
        _("langue"), max_length=5, choices=[("fr", _("français")), ("en", _("anglais"))], default="fr"
    )
    function = models.CharField(_("fonction"), max_length=120, blank=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True, help_text=_("Facultatif, jamais public."))
    closed_at = models.DateTimeField(_("compte fermé le"), null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("compte actif"), default=True)
    is_staff = models.BooleanField(
        _("accès à l’administration"), default=False, help_text=_("Équipe CDC et administration du portail.")
    )
    created_at = models.DateTimeField(_("créé le"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_ci",
                violation_error_message=_("Un compte existe déjà avec cette adresse courriel."),
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()  # typed in the administration or imported: signing in looks for lower case
        super().save(*args, **kwargs)

    def get_short_name(self) -> str:
        return self.name or self.email
