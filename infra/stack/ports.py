"""Choosing ports on the loopback: as wished, else as last time, else any free one."""

import errno
import secrets
import socket
from contextlib import ExitStack, suppress

from infra.stack.state import LOOPBACK, Ports
from schemas.errors import BadInputError, StackError

_HIGHEST = 65535
_FREE_FROM, _FREE_TO = 15_000, 32_000  # below the usual range of outgoing connections
_TRIES = 100


def choose_ports(wished: Ports, last: Ports) -> Ports:
    """A free port for each thing that listens, all different.

    Raises:
        BadInputError: A wish is no port number, or one number is wished for twice.
        StackError: A wished port is taken, or may not be used by us.
    """
    wishes: dict[str, int] = {name: port for name, port in wished.model_dump().items() if port}
    _refuse_nonsense(wishes)
    chosen: dict[str, int] = {}
    with ExitStack() as held:  # all held until all are chosen, so none is chosen twice
        for name, port in wishes.items():
            chosen[name] = _wished(name, port, held)
        for name, port in last.model_dump().items():
            if name not in chosen:
                chosen[name] = _as_last_time(port, held)
    return Ports(**chosen)


def _refuse_nonsense(wishes: dict[str, int]) -> None:
    seen: dict[int, str] = {}
    for name, port in wishes.items():
        if not 0 < port <= _HIGHEST:
            raise BadInputError(_option(name), f"{port} is no port: give one from 1 to 65535.")
        if port in seen:
            raise BadInputError(
                _option(name), f"{port} is already given to {_option(seen[port])}: give another."
            )
        seen[port] = name


def _wished(name: str, port: int, held: ExitStack) -> int:
    try:
        return _hold(port, held)
    except PermissionError:
        raise StackError(
            f"Port {port} may only be used by a privileged user: "
            f"choose one above 1023 with {_option(name)}."
        ) from None
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        raise StackError(
            f"Port {port} {why}: stop what uses it, or choose another with {_option(name)}."
        ) from None


def _as_last_time(port: int, held: ExitStack) -> int:
    try:
        return _hold(port, held) if port else _any_free(held)
    except OSError:
        return _any_free(held)


def _any_free(held: ExitStack) -> int:
    """A free port that the system gives to nobody else while the stack is down.

    The system's own choice lies among the ports of outgoing connections, any of which could take
    it before the next start, and addresses would change.
    """
    for _ in range(_TRIES):
        with suppress(OSError):
            return _hold(_FREE_FROM + secrets.randbelow(_FREE_TO - _FREE_FROM), held)
    return _hold(0, held)


def _hold(port: int, held: ExitStack) -> int:
    listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    listener.listen()  # two sockets with SO_REUSEADDR may both bind; only one may listen
    bound: int = listener.getsockname()[1]
    return bound


def _option(name: str) -> str:
    return f"--{name}-port"
