use std::net::IpAddr;
use std::time::Duration;

use url::{Host, Url};

use crate::{Destinations, is_public};

const LONGEST: usize = 2_000;
const RESOLUTION_LIMIT: Duration = Duration::from_secs(5);

/// Why an address is not followed, as a sentence for whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the address is too long")]
    TooLong,
    #[error("not an address; write it like https://shop.example/")]
    NotAnAddress,
    #[error("only https is accepted")]
    NotHttps,
    #[error("only https and http are accepted")]
    NotHttp,
    #[error("the address must not contain a name or password")]
    HasCredentials,
    #[error("the address must end before any #")]
    HasFragment,
    #[error("only the port of https, 443, is accepted")]
    OddPort,
    #[error("the address must name a public server, like shop.example")]
    NoPublicName,
    #[error("no server of this name was found")]
    NotFound,
    #[error("the address leads into a private network; a public address is needed")]
    Private,
}

/// Reads an address once and strictly; what comes out is what is connected to.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, destinations: Destinations) -> Result<Url, Refused> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    let url = Url::parse(text).map_err(|_| Refused::NotAnAddress)?;
    // Written out for the wire it may have grown, and it is read again as it is kept.
    if url.as_str().len() > LONGEST {
        return Err(Refused::TooLong);
    }
    match (url.scheme(), destinations) {
        ("https", _) | ("http", Destinations::Anywhere) => {}
        (_, Destinations::Anywhere) => return Err(Refused::NotHttp),
        (_, Destinations::Public) => return Err(Refused::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::HasCredentials);
    }
    if url.fragment().is_some() {
        return Err(Refused::HasFragment);
    }
    if url.host().is_none() {
        return Err(Refused::NoPublicName);
    }
    if destinations == Destinations::Anywhere {
        return Ok(url);
    }
    // Without a port it is 443, and the parser leaves that one out.
    if url.port().is_some() {
        return Err(Refused::OddPort);
    }
    if let Some(Host::Domain(name)) = url.host()
        && !name.trim_end_matches('.').contains('.')
    {
        return Err(Refused::NoPublicName);
    }
    check_literal(&url, destinations)?;
    Ok(url)
}

/// Refuses an address whose server is given as a number, in whichever spelling, that is not public. No name is resolved for
/// such an address, so a [`Resolver`](crate::Resolver) never sees it.
///
/// # Errors
/// When the number is not public.
pub fn check_literal(url: &Url, destinations: Destinations) -> Result<(), Refused> {
    match literal(url) {
        Some(address) if destinations == Destinations::Public && !is_public(address) => Err(Refused::Private),
        _ => Ok(()),
    }
}

/// Resolves the name of an address that was [parsed](parse), and refuses it when any server of that name is not public.
///
/// # Errors
/// When there is no such server, or it is not public.
pub async fn check(url: &Url, destinations: Destinations) -> Result<(), Refused> {
    if destinations == Destinations::Anywhere {
        return Ok(());
    }
    check_literal(url, destinations)?;
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    let port = url.port_or_known_default().unwrap_or(443);
    let lookup = tokio::time::timeout(RESOLUTION_LIMIT, tokio::net::lookup_host((name, port))).await;
    let Ok(Ok(addresses)) = lookup else { return Err(Refused::NotFound) };
    let addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
    match (addresses.is_empty(), addresses.into_iter().all(is_public)) {
        (true, _) => Err(Refused::NotFound),
        (false, false) => Err(Refused::Private),
        (false, true) => Ok(()),
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let table = [
            ("https://shop.example/fr?a=b", None),
            (" https://shop.example:443 ", None),
            ("http://shop.example/", Some(Refused::NotHttps)),
            ("ftp://shop.example/", Some(Refused::NotHttps)),
            ("shop.example", Some(Refused::NotAnAddress)),
            ("https://me:secret@shop.example/", Some(Refused::HasCredentials)),
            ("https://shop.example@10.0.0.1/", Some(Refused::HasCredentials)),
            ("https://shop.example/#a", Some(Refused::HasFragment)),
            ("https://shop.example:8443/", Some(Refused::OddPort)),
            ("https://localhost/", Some(Refused::NoPublicName)),
            ("https:///", Some(Refused::NotAnAddress)),
            ("", Some(Refused::NotAnAddress)),
        ];

        for (text, expected) in table {
            assert_eq!(parse(text, Destinations::Public).err(), expected, "{text}");
        }
        assert!(parse("http://127.0.0.1:8081/", Destinations::Anywhere).is_ok());
        assert_eq!(parse("ftp://127.0.0.1/", Destinations::Anywhere), Err(Refused::NotHttp));
    }

    #[test]
    fn written_otherwise_a_private_number_stays_private() {
        let spellings = [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://１２７.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.100.100.200/",
        ];
        for text in spellings {
            assert_eq!(parse(text, Destinations::Public), Err(Refused::Private), "{text}");
        }
    }
}
