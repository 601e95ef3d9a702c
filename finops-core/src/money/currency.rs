use super::MoneyError;
use std::{fmt, str::FromStr};

/// An ISO 4217 currency: the alphabetic code and how many decimals its minor unit has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Active ISO 4217 codes by the decimals of their minor unit (ISO 4217:2015 list one, as amended to 2025;
/// <https://www.six-group.com/en/products-services/financial-information/data-standards.html>). Two unless listed.
const NO_DECIMALS: &[u8] = b"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DECIMALS: &[u8] = b"BHD IQD JOD KWD LYD OMR TND";
const FOUR_DECIMALS: &[u8] = b"CLF UYW";
const TWO_DECIMALS: &[u8] = b"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN \
BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR \
MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

impl Currency {
    /// The United States dollar, in which every published token price is quoted.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // The only constructor accepts ASCII capitals.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Decimals of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn minor_unit(self) -> u32 {
        if listed(NO_DECIMALS, self.0) {
            0
        } else if listed(THREE_DECIMALS, self.0) {
            3
        } else if listed(FOUR_DECIMALS, self.0) {
            4
        } else {
            2
        }
    }
}

fn listed(list: &[u8], code: [u8; 3]) -> bool {
    list.split(|b| *b == b' ').any(|entry| entry == code)
}

impl FromStr for Currency {
    type Err = MoneyError;

    /// Reads a code, in capitals as ISO 4217 writes it.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let problem = "not an active ISO 4217 code; write three capitals such as `USD`";
        <[u8; 3]>::try_from(text.as_bytes())
            .ok()
            .filter(|code| {
                [TWO_DECIMALS, NO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS]
                    .iter()
                    .any(|list| listed(list, *code))
            })
            .map(Self)
            .ok_or_else(|| MoneyError::invalid("currency", text, problem))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_codes_and_their_decimals() {
        for (code, decimals) in [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ZWG", 2)] {
            assert_eq!(code.parse::<Currency>().unwrap().minor_unit(), decimals, "{code}");
        }
        for code in ["usd", "US", "XXX", "USDT", "", "U D", "€€€"] {
            assert_eq!(code.parse::<Currency>().unwrap_err().code(), "money.invalid", "{code}");
        }
    }
}
