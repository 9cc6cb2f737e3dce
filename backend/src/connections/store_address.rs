//! A store's address is hostile input: it must lead to a public web server and nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use shared::FieldError;
use url::{Host, Url};

use crate::config::Config;
use crate::error::ApiError;

const LONGEST: usize = 2_000;
const RESOLUTION_LIMIT: Duration = Duration::from_secs(5);

/// Reads an address, resolves its name, and refuses what is not a public web server.
pub(super) async fn check(config: &Config, pointer: &str, text: &str) -> Result<Url, ApiError> {
    let refused = |detail: &str| ApiError::Invalid(vec![FieldError::new(pointer, detail)]);
    let allow_private = config.allow_private_store_addresses;
    let url = parse(text, allow_private).map_err(refused)?;
    if allow_private {
        return Ok(url);
    }
    let addresses = resolve(&url).await.map_err(refused)?;
    if addresses.iter().all(|address| is_public(*address)) {
        Ok(url)
    } else {
        Err(refused("the address leads into a private network; a public address is needed"))
    }
}

/// Checks an address that only people's browsers follow, so it may lead into their own network.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_link(text: &str) -> Result<(), &'static str> {
    parse(text, true).map(drop)
}

/// The address with a slash at its end, so that paths can follow.
fn parse(text: &str, allow_private: bool) -> Result<Url, &'static str> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err("the address is too long");
    }
    let mut url = Url::parse(text).map_err(|_| "not an address; write it like https://shop.example/")?;
    match (url.scheme(), allow_private) {
        ("https", _) | ("http", true) => {}
        (_, true) => return Err("only https and http are accepted"),
        (_, false) => return Err("only https is accepted"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address must not contain a name or password; the key goes into its own field");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address must end with the shop's folder, without ? and #");
    }
    // Without a port it is 443, and the parser leaves that one out.
    if url.port().is_some() && !allow_private {
        return Err("only the port of https, 443, is accepted");
    }
    let has_name = match url.host() {
        Some(Host::Domain(name)) => allow_private || name.trim_end_matches('.').contains('.'),
        Some(_) => true,
        None => false,
    };
    if !has_name {
        return Err("the address must name a public server, like shop.example");
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

async fn resolve(url: &Url) -> Result<Vec<IpAddr>, &'static str> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return Ok(vec![address.into()]),
        Some(Host::Ipv6(address)) => return Ok(vec![address.into()]),
        Some(Host::Domain(name)) => name.to_owned(),
        None => return Err("the address must name a server"),
    };
    let port = url.port_or_known_default().unwrap_or(443);
    let lookup = tokio::time::timeout(RESOLUTION_LIMIT, tokio::net::lookup_host((name, port))).await;
    let addresses: Vec<_> = match lookup {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
        _ => Vec::new(),
    };
    if addresses.is_empty() { Err("no server of this name was found") } else { Ok(addresses) }
}

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local() // with the cloud's metadata service
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // shared by providers, RFC 6598
        || (a == 192 && b == 0 && c == 0) // special purposes, RFC 6890
        || (a == 192 && b == 88 && c == 99) // old 6to4 relays
        || (a == 198 && (b == 18 || b == 19)); // benchmarks, RFC 2544
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        // NAT64 and 6to4 carry an IPv4 address, which must be public itself.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Everything that is routed lies in 2000::/3; of that, documentation and special purposes are not.
        [first, second, ..] => {
            (first & 0xe000) == 0x2000
                && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
                && !(first == 0x3fff && second < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        assert_eq!(parse(" https://shop.example/fr ", false).unwrap().as_str(), "https://shop.example/fr/");
        assert_eq!(parse("https://shop.example:443", false).unwrap().as_str(), "https://shop.example/");
        let refused = [
            "http://shop.example/",
            "ftp://shop.example/",
            "shop.example",
            "https://me:secret@shop.example/",
            "https://shop.example/?a=b",
            "https://shop.example/#a",
            "https://shop.example:8443/",
            "https://localhost/",
            "https:///",
            "",
        ];
        for text in refused {
            assert!(parse(text, false).is_err(), "{text}");
        }
        assert!(parse("http://127.0.0.1:8081/", true).is_ok());
        assert!(parse("ftp://127.0.0.1/", true).is_err());
    }

    #[test]
    fn only_public_addresses_are_reached() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "2001::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn written_otherwise_an_address_stays_the_same() {
        for text in
            ["https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://[::ffff:7f00:1]/"]
        {
            let url = parse(text, false).unwrap();
            let addresses = resolve(&url).await.unwrap();
            assert!(addresses.iter().all(|address| !is_public(*address)), "{text}");
        }
    }
}
