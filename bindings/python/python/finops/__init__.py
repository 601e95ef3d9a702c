"""FinOps-as-code inside your process."""

from ._finops import Usage, apportion, round_amount
from .errors import (
    BudgetError,
    BudgetExceeded,
    CarbonError,
    ConfigError,
    FinopsError,
    MeterError,
    MoneyError,
    PriceError,
    StreamError,
    UsageError,
)
