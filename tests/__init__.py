"""Tests mirror the rooms of the house; stories in journeys/, guards in house/."""
