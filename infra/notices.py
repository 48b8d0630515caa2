"""The file sink for notices: one file each, content-free, visible once."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from infra.once import write_once
from schemas.ids import CaseRef
from schemas.snapshot import Dispatch, NoticeTemplate

TEXTS: dict[NoticeTemplate, str] = {
    NoticeTemplate.INBOX_ITEM: "There is a new item in your safepath inbox.",
    NoticeTemplate.INBOX_STOP: "An item in your safepath inbox was stopped. Please look at it now.",
    NoticeTemplate.INBOX_CHANGE: "An item in your safepath inbox has changed.",
    NoticeTemplate.TASK: "There is a task for you in safepath.",
    NoticeTemplate.REMINDER: "Something in safepath is due soon.",
    NoticeTemplate.ESCALATION: "Something in safepath is late or needs a decision.",
    NoticeTemplate.OVERSIGHT: "The data protection officer has something to look at in safepath.",
    NoticeTemplate.STUCK: "Something in safepath keeps failing: `safepath ops stuck` lists it.",
    NoticeTemplate.AGREEMENT: "An agreement ends soon, or is over: its keeper sees which with "
    "`safepath protocol agreement list`.",
}
"""Whole texts. There is nothing in them to fill in."""

_SHORT = 16
"""Hexadecimal digits that tell the notices of one case apart."""


class FileNotices:
    """`activities.ports.Notices` as files in a directory of mode 0700."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """Write the notice's file; one that is there already stays as it is.

        Raises:
            ValueError: the dispatch is no notice.
        """
        if dispatch.template is None:
            raise ValueError("a notice has a template")
        notice = {
            "to": dispatch.to_organisation,
            "template": dispatch.template.value,
            "text": TEXTS[dispatch.template],
            "item": case_ref,
            "posted_at": datetime.now(UTC).isoformat(),
        }
        name = file_name(case_ref, dispatch.key)
        await asyncio.to_thread(write_once, self._directory, name, notice)


def file_name(case_ref: CaseRef, key: str) -> str:
    """What a notice's file is called: the same for the same notice, and without what it is about.

    A key names the task or the duty behind it; a name lies open to whoever lists the folder.
    """
    return f"{case_ref}--{hashlib.sha256(f'{case_ref}/{key}'.encode()).hexdigest()[:_SHORT]}"
