"""The conversation with Splynx's REST API 2.0: who asks, how patiently, and what refusals mean."""
