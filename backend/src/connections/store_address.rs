//! A store's address is hostile input: it must lead to a public web server and nowhere else.

use public_address::Destinations;
use shared::FieldError;
use url::Url;

use crate::config::Config;
use crate::error::ApiError;

/// Reads an address, resolves its name, and refuses what is not a public web server.
pub(super) async fn check(config: &Config, pointer: &str, text: &str) -> Result<Url, ApiError> {
    let refused = |detail: String| ApiError::Invalid(vec![FieldError::new(pointer, detail)]);
    let url = parse(text, config.destinations).map_err(refused)?;
    public_address::check(&url, config.destinations).await.map_err(|error| refused(error.to_string()))?;
    Ok(url)
}

/// Checks an address that only people's browsers follow, so it may lead into their own network.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_link(text: &str) -> Result<(), String> {
    parse(text, Destinations::Anywhere).map(drop)
}

/// The address with a slash at its end, so that paths can follow.
pub(crate) fn parse(text: &str, destinations: Destinations) -> Result<Url, String> {
    let mut url = public_address::parse(text, destinations).map_err(|error| error.to_string())?;
    if url.query().is_some() {
        return Err("the address must end with the shop's folder, without ? and #".to_owned());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_with_the_folder_of_the_shop() {
        let parse = |text| parse(text, Destinations::Public);

        assert_eq!(parse(" https://shop.example/fr ").unwrap().as_str(), "https://shop.example/fr/");
        assert_eq!(parse("https://shop.example:443").unwrap().as_str(), "https://shop.example/");
        assert!(parse("https://shop.example/?a=b").is_err());
    }
}
