//! What a browser says about itself, in words that its owner recognises, and what makes a device the same one again.

use std::net::IpAddr;

use super::Origin;
use crate::canonical;

/// Browsers by the word that gives them away; those that pretend to be another one come first.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, likewise.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Windows`; of a program, its name.
pub(super) fn words(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent.map(str::trim).filter(|agent| !agent.is_empty()) else {
        return "Unknown device".to_owned();
    };
    let find =
        |list: &[(&str, &'static str)]| list.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A program on {system}"),
        (None, None) => agent.split(['/', ' ']).next().unwrap_or_default().chars().take(40).collect(),
    }
}

/// What a device is known by: browser, system and network, so that neither an update of the browser nor the next address
/// from the same provider makes it a new one.
pub(super) fn fingerprint(origin: &Origin) -> [u8; 32] {
    let place = origin.ip.as_deref().map(network).unwrap_or_default();
    canonical::sha256(format!("{}\n{place}", words(origin.user_agent.as_deref())).as_bytes())
}

/// The network of an address: the first 24 bits of IPv4, the first 48 of IPv6.
fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}")
        }
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
        Err(_) => ip.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

    #[test]
    fn a_browser_is_named_as_people_call_it() {
        assert_eq!(words(Some(FIREFOX)), "Firefox on Windows");
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(words(Some(chrome)), "Chrome on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        assert_eq!(words(Some(edge)), "Edge on Windows");
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
        assert_eq!(words(Some(safari)), "Safari on iPhone");
        assert_eq!(words(Some("curl/8.9.1")), "curl");
        assert_eq!(words(Some("  ")), "Unknown device");
        assert_eq!(words(None), "Unknown device");
    }

    #[test]
    fn an_update_or_a_neighbouring_address_is_no_new_device() {
        let of = |ip: &str, agent: &str| {
            fingerprint(&Origin { ip: Some(ip.into()), user_agent: Some(agent.into()), ..Origin::default() })
        };
        let known = of("203.0.113.7", FIREFOX);
        assert_eq!(known, of("203.0.113.250", &FIREFOX.replace("140.0", "141.0")));
        assert_eq!(known, of("::ffff:203.0.113.9", FIREFOX));
        assert_ne!(known, of("203.0.114.7", FIREFOX));
        assert_ne!(known, of("203.0.113.7", &FIREFOX.replace("Windows NT", "Linux")));
        assert_eq!(of("2001:db8:1:2::3", "curl/8"), of("2001:db8:1:ffff::1", "curl/9"));
    }
}
