"""What the journey keeps when things break."""
