"""Every timeout and retry policy, named."""

from datetime import timedelta

from temporalio.common import RetryPolicy

from activities.referral_steps import UNDELIVERABLE

STEP_WITHIN = timedelta(seconds=10)
"""One transaction of the record."""

DELIVERY_WITHIN = timedelta(seconds=30)
"""One delivery to an inbox, or one notice."""

NOTICE_WITHIN = timedelta(minutes=5)
"""How long a notice is tried before deadlines are looked at again, and then it is tried again."""

UNTIL_IT_WORKS = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
)
"""The record or a key store is down: it will be back, and nothing may be lost until then."""

NEVER_AGAIN = RetryPolicy(maximum_attempts=1)
"""A text to a victim's phone: sent twice it can be dangerous, so a person looks instead."""

UNTIL_DELIVERED = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=[UNDELIVERABLE],
)
"""An inbox is away: try on, unless it can never be reached."""
