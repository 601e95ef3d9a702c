//! Guardrails: typed limits on automated change, with time zones and change windows.
