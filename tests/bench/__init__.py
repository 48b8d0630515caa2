"""The measurements measure what they say: small, exact, and without a clock."""
