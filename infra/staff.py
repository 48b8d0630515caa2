"""Staff who have left, and what still rests on them."""

from infra import audit
from infra.database import Pool, Scope, transaction
from infra.statements import statements
from schemas.actor import Actor
from schemas.verbs import Verb
from schemas.views import LeftBehind

_SQL = statements("reading")


class StaffRegister:
    """Who of an organisation has left, as one scope may see it."""

    def __init__(self, pool: Pool, scope: Scope) -> None:
        self._pool = pool
        self._scope = scope

    async def has_left(self, actor: Actor) -> bool:
        """Whether the person has left their organisation."""
        async with transaction(self._pool, self._scope) as connection:
            gone = await connection.fetchval(_SQL["has_left"], actor.organisation, actor.person)
        return bool(gone)

    async def mark_left(self, person: str, by: Actor) -> None:
        """Note that a person of the same organisation has left."""
        async with transaction(self._pool, self._scope) as connection:
            await connection.execute(_SQL["put_left"], by.organisation, person, by.who)
            await audit.append_act(connection, by, Verb.MARK_LEFT, {"person": person})

    async def left_behind(self) -> tuple[LeftBehind, ...]:
        """Cases, claims and tasks that still rest on people who have left."""
        async with transaction(self._pool, self._scope) as connection:
            rows = await connection.fetch(_SQL["list_left_behind"])
        return tuple(LeftBehind.model_validate(dict(row)) for row in rows)
