"""The file sink for notices: one file each, content-free, visible once."""

import asyncio
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from schemas.ids import CaseRef
from schemas.snapshot import Dispatch, NoticeTemplate

TEXTS: dict[NoticeTemplate, str] = {
    NoticeTemplate.INBOX_ITEM: "There is a new item in your safepath inbox.",
    NoticeTemplate.INBOX_STOP: "An item in your safepath inbox was stopped. Please look at it now.",
    NoticeTemplate.INBOX_CHANGE: "An item in your safepath inbox has changed.",
    NoticeTemplate.TASK: "There is a task for you in safepath.",
    NoticeTemplate.REMINDER: "Something in safepath is due soon.",
    NoticeTemplate.ESCALATION: "Something in safepath is late or needs a decision.",
}
"""Whole texts. There is nothing in them to fill in."""


class FileNotices:
    """`activities.ports.Notices` as files in a directory of mode 0700."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """Write the notice's file; one that is there already stays as it is."""
        await asyncio.to_thread(self._write, case_ref, dispatch)

    def _write(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        if dispatch.template is None:
            raise ValueError("a notice has a template")
        name = f"{case_ref}--{dispatch.key.replace('/', '--')}.json"
        notice = {
            "to": dispatch.to_organisation,
            "template": dispatch.template.value,
            "text": TEXTS[dispatch.template],
            "item": case_ref,
            "posted_at": datetime.now(UTC).isoformat(),
        }
        fresh = self._directory / f".{name}.{secrets.token_hex(8)}"  # also of a retry beside us
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(notice, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, self._directory / name)
        except FileExistsError:
            pass  # a retry: the notice went out before
        finally:
            fresh.unlink()
