//! The catalog's one currency.

use std::fmt::{self, Display, Formatter};

/// ISO 4217: the currencies in use, without funds, metals and test codes.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP \
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG \
    SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF \
    XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(&'static str);

impl Default for Currency {
    fn default() -> Self {
        Self("EUR")
    }
}

impl Currency {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let known = CODES.split_whitespace().find(|code| *code == text);
        known.map(Self).ok_or_else(|| {
            format!(
                "\"{text}\" is no currency; codes are those of ISO 4217, such as EUR, USD or CHF"
            )
        })
    }

    /// Its code: `EUR`.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl Display for Currency {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}
