"""What the target is, holds and accepts, as the last inspection found it."""
