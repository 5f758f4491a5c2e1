"""Users by role."""

import factory
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory

from billing_engine.roles import ensure_roles


class UserFactory(DjangoModelFactory[User]):
    """A staff user; `with_role` adds a role."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    is_staff = True


class GroupFactory(DjangoModelFactory[Group]):
    class Meta:
        model = Group

    name = factory.Sequence(lambda n: f"Role {n}")


def superuser() -> User:
    return UserFactory.create(is_superuser=True)


def with_role(role: str) -> User:
    """A user with the role Operations, Finance or Viewer."""
    ensure_roles()
    user = UserFactory.create()
    user.groups.add(Group.objects.get(name=role))
    return user


def with_second_factor(user: User) -> User:
    """The user with an authenticator app, whose codes no one knows."""
    app = Authenticator(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})
    Authenticator.objects.bulk_create([app])  # no one added it, so there is no deed
    return user
