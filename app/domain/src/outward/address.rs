//! Which addresses lead out of the building, which ones into it, and which ones nowhere that anybody means.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Reach {
    /// To a host of the public internet.
    Public,
    /// To this machine or into a private network; whoever runs the server may allow it.
    Inside,
    /// Nowhere that a service is reached at, or to what a cloud tells its own machines: credentials, mostly. Never asked.
    Never,
}

/// What the clouds serve to their own machines and what lies in no block that is refused anyway: Azure's wire server, and
/// Alibaba's and Amazon's and Google's metadata in address space that is otherwise a network's own.
const CLOUD_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];
const CLOUD_V6: [(u128, u32); 2] = [(0xfd00_0ec2 << 96, 32), (0xfd20_00ce << 96, 32)];

/// By IANA's registries of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…-ipv6-special-registry`).
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    if CLOUD_V4.contains(&address) {
        return Reach::Never;
    }
    match address.octets() {
        [10 | 127, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Inside,
        // "This network", link-local with the clouds' metadata, protocols and documentation, 6to4 relays, benchmarks,
        // documentation again, multicast, reserved, broadcast.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Never,
        _ => Reach::Public,
    }
}

/// An address that carries another one leads where that one does: a translator on the way sees to it.
fn reach_v6(address: Ipv6Addr) -> Reach {
    let bits = address.to_bits();
    let begins = |with: u128, length: u32| (bits ^ with) >> (128 - length) == 0;
    let inner = |above: u32| reach_v4(Ipv4Addr::from_bits((bits >> above) as u32));
    if CLOUD_V6.iter().any(|(with, length)| begins(*with, *length)) {
        return Reach::Never;
    }
    match address.segments() {
        // This machine, and unique local addresses.
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Inside,
        // IPv4-mapped, IPv4-translated (RFC 2765), the well-known prefix of NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => inner(0),
        // IPv4-compatible, deprecated; in it also the unspecified address. Public ones were never routed.
        [0, 0, 0, 0, 0, 0, ..] => inner(0).max(Reach::Inside),
        // Teredo (RFC 4380): its server, and the client's own address with all bits turned.
        [0x2001, 0, ..] => inner(64).max(reach_v4(Ipv4Addr::from_bits(!(bits as u32)))),
        // 6to4 (RFC 3056).
        [0x2002, ..] => inner(80),
        // Global unicast, but for protocols (ORCHID, benchmarks, AMT, …) and documentation.
        [first @ 0x2000..=0x3fff, second, ..]
            if !matches!((first, second), (0x2001, ..=0x1ff | 0xdb8) | (0x3fff, ..=0xfff)) =>
        {
            Reach::Public
        }
        // Link-local, site-local, multicast, discard-only, what nobody was given; and a network's own NAT64 (RFC 8215), of
        // which only that network knows where the other address stands in it.
        _ => Reach::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_every_block_are_where_the_registries_put_them() -> Result<(), std::net::AddrParseError> {
        use Reach::{Inside, Never, Public};
        for (address, expected) in [
            ("0.0.0.0", Never),
            ("0.255.255.255", Never),
            ("1.0.0.0", Public),
            ("9.255.255.255", Public),
            ("10.0.0.0", Inside),
            ("10.255.255.255", Inside),
            ("11.0.0.0", Public),
            ("100.63.255.255", Public),
            ("100.64.0.0", Inside),
            ("100.100.100.200", Never),
            ("100.127.255.255", Inside),
            ("100.128.0.0", Public),
            ("126.255.255.255", Public),
            ("127.0.0.1", Inside),
            ("127.255.255.255", Inside),
            ("128.0.0.0", Public),
            ("168.63.129.16", Never),
            ("168.63.129.17", Public),
            ("169.253.255.255", Public),
            ("169.254.169.254", Never),
            ("169.255.0.0", Public),
            ("172.15.255.255", Public),
            ("172.16.0.0", Inside),
            ("172.31.255.255", Inside),
            ("172.32.0.0", Public),
            ("192.0.0.192", Never),
            ("192.0.1.0", Public),
            ("192.0.2.1", Never),
            ("192.88.99.1", Never),
            ("192.167.255.255", Public),
            ("192.168.0.0", Inside),
            ("192.169.0.0", Public),
            ("198.17.255.255", Public),
            ("198.18.0.0", Never),
            ("198.19.255.255", Never),
            ("198.20.0.0", Public),
            ("198.51.100.7", Never),
            ("203.0.113.7", Never),
            ("223.255.255.255", Public),
            ("224.0.0.1", Never),
            ("240.0.0.1", Never),
            ("255.255.255.255", Never),
            ("::", Never),
            ("::1", Inside),
            ("::2", Never),
            ("::7f00:1", Inside),
            ("::0808:0808", Inside),
            ("::ffff:127.0.0.1", Inside),
            ("::ffff:169.254.169.254", Never),
            ("::ffff:8.8.8.8", Public),
            ("::ffff:0:10.0.0.1", Inside),
            ("64:ff9b::10.0.0.1", Inside),
            ("64:ff9b::169.254.169.254", Never),
            ("64:ff9b::8.8.8.8", Public),
            ("64:ff9b:1::8.8.8.8", Never),
            ("64:ff9b:2::8.8.8.8", Never),
            ("100::1", Never),
            ("2000::1", Public),
            ("2001:0:808:808::f7f7:f7f7", Public),
            ("2001:0:808:808::80ff:fffe", Inside),
            ("2001:0:a00:1::f7f7:f7f7", Inside),
            ("2001:2::1", Never),
            ("2001:10::1", Never),
            ("2001:20::1", Never),
            ("2001:1ff:ffff::1", Never),
            ("2001:200::1", Public),
            ("2001:db8::1", Never),
            ("2001:4860:4860::8888", Public),
            ("2002:7f00:1::", Inside),
            ("2002:a9fe:a9fe::1", Never),
            ("2002:808:808::1", Public),
            ("2606:4700::1111", Public),
            ("3fff:fff::1", Never),
            ("3fff:1000::1", Public),
            ("4000::1", Never),
            ("5f00::1", Never),
            ("fbff::1", Never),
            ("fc00::1", Inside),
            ("fd00:ec2::254", Never),
            ("fd20:ce::254", Never),
            ("fdff:ffff::1", Inside),
            ("fe80::1", Never),
            ("febf::1", Never),
            ("fec0::1", Never),
            ("ff02::1", Never),
        ] {
            assert_eq!(reach(address.parse()?), expected, "{address}");
        }
        Ok(())
    }
}
