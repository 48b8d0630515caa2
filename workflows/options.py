"""Every timeout and retry policy, named."""

from datetime import timedelta

from temporalio.common import RetryPolicy

from activities.referral_steps import UNDELIVERABLE

STEP_WITHIN = timedelta(seconds=10)
"""One transaction of the record."""

DELIVERY_WITHIN = timedelta(seconds=30)
"""One attempt of a delivery to an inbox, of a notice, or of a text to her."""

A_WHILE = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0, maximum_attempts=5
)
"""Three seconds of trying, long enough for a server to be started again; then the step rests."""

REST_AT_FIRST = timedelta(seconds=2)
"""How long a step rests after it failed; twice as long after each further time."""

REST_IN_AN_OUTAGE = timedelta(seconds=15)
"""The longest rest while a server or a key store is away: it will be back."""

REST_IN_A_LONG_OUTAGE = timedelta(minutes=1)
"""The same when it has been away for minutes: a command that waits must not fill its history."""

LONG_OUTAGE_AFTER = 40
"""Rests."""

REST_OF_A_STOP = timedelta(minutes=1)
"""The longest rest of a stop, which waits for nobody."""

REST_AT_MOST = timedelta(minutes=10)
"""The longest rest of a step that fails for a reason of its own: somebody has to repair it."""

NEVER_AGAIN = RetryPolicy(maximum_attempts=1)
"""A text to a victim's phone: sent twice it can be dangerous, so a person looks instead."""

DELIVERED_WITHIN = timedelta(seconds=30)
"""How long a delivery or a notice is tried before it rests, and then it is tried again."""

UNTIL_DELIVERED = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    non_retryable_error_types=[UNDELIVERABLE],
)
"""An inbox is away: try on, unless it can never be reached."""
