//! Whose word on where a request comes from is taken.

use std::{net::IpAddr, str::FromStr};

/// Proxies in front of this server: `10.0.0.0/8, 127.0.0.1, ::1`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TrustedProxies(Vec<Block>);

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Block {
    address: IpAddr,
    bits: u8,
}

impl TrustedProxies {
    /// Whether one of them has this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|block| block.contains(address))
    }
}

impl Block {
    fn contains(self, other: IpAddr) -> bool {
        let begins_alike = |a: u128, b: u128, unused: u32| a.checked_shr(unused) == b.checked_shr(unused);
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                begins_alike(own.to_bits().into(), other.to_bits().into(), 32 - u32::from(self.bits))
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                begins_alike(own.to_bits(), other.to_bits(), 128 - u32::from(self.bits))
            }
            _ => false,
        }
    }
}

impl FromStr for TrustedProxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|block| block.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Block {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "it should look like 10.0.0.0/8, 127.0.0.1, 2001:db8::/32";
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| SHAPE)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| SHAPE))?;
        if bits > most { Err(SHAPE) } else { Ok(Self { address, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trusted_if_one_of_the_blocks_has_it() -> Result<(), Box<dyn std::error::Error>> {
        let proxies: TrustedProxies = "10.0.0.0/8, 192.0.2.7,2001:db8::/33".parse()?;
        for inside in ["10.255.0.1", "::ffff:10.1.2.3", "192.0.2.7", "2001:db8:7fff::1"] {
            assert!(proxies.contains(inside.parse()?), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db8:8000::1", "::1", "::10.0.0.1"] {
            assert!(!proxies.contains(outside.parse()?), "{outside}");
        }
        assert!(!TrustedProxies::default().contains("127.0.0.1".parse()?));
        let all: TrustedProxies = "0.0.0.0/0".parse()?;
        assert!(all.contains("203.0.113.1".parse()?) && !all.contains("2001:db8::1".parse()?));
        let all: TrustedProxies = "::/0".parse()?;
        assert!(all.contains("2001:db8::1".parse()?));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "proxy.example", "10.0.0.1,"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad:?} was taken");
        }
        Ok(())
    }
}
