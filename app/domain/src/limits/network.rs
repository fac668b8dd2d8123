//! What counts as one place on the network.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// An IPv4 address, or the 64 bits in front of an IPv6 address: whoever has one address of such a network has all of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Network {
    /// An IPv4 address, also where it was written as an IPv6 address.
    V4([u8; 4]),
    /// The first half of an IPv6 address.
    V6(u64),
    /// Nobody knows; all of these are one.
    Unknown,
}

impl Network {
    /// The network of an address as a request's origin names it.
    pub fn of(ip: Option<&str>) -> Self {
        match ip.and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => Self::V4(ip.octets()),
            Some(IpAddr::V6(ip)) => Self::V6((ip.to_bits() >> 64) as u64),
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(octets) => IpAddr::from(octets).fmt(f),
            Self::V6(half) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(half) << 64)),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> String {
        Network::of(Some(ip)).to_string()
    }

    #[test]
    fn one_network_is_an_ipv4_address_or_64_bits_of_ipv6() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff::1"), network("2001:DB8:1:2::"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn an_ipv4_address_in_an_ipv6_coat_is_the_ipv4_address() {
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:c000:207"), "192.0.2.7");
        assert_ne!(network("::ffff:192.0.2.7"), network("::ffff:192.0.2.8"));
        // Not mapped: an address of its own.
        assert_eq!(network("::1"), "::/64");
    }

    #[test]
    fn what_is_no_address_is_one_network() {
        assert_eq!(Network::of(None), Network::Unknown);
        assert_eq!(Network::of(Some("somewhere")), Network::Unknown);
    }
}
