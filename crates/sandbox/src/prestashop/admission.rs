//! What is checked before a request reaches a resource: host, shop, switch, key, permission.

use super::answer::{Answer, Refusal};
use super::auth::Key;
use super::query;
use super::record::Id;
use super::server::Call;
use super::shop::Shop;
use super::{read, resources};

const REALM: &str = "Basic realm=\"Welcome to PrestaShop Webservice, please enter the authentication key as the \
                     login. No password required.\"";

/// Whether the call may go on: right host and shop, webservice on, key known, resource and method allowed.
pub(super) fn admit(shop: &Shop, call: &Call) -> Result<Key, Box<Answer>> {
    let refuse = |refusal: Refusal| Box::new(Answer::refused(&refusal, call.output, shop.version));
    let home = url::Url::parse(&shop.url).ok();
    let own_host = home.as_ref().map(|url| url.authority().to_owned()).unwrap_or_default();
    let wrong_shop = call.query.get("id_shop").is_some_and(|id| {
        id != "all" && id.parse::<Id>().ok().and_then(|id| shop.get("shops", id)).is_none()
    });
    if call.host != own_host || wrong_shop {
        let without_shop: Vec<&str> = call
            .raw_query
            .split('&')
            .filter(|part| !part.is_empty() && !part.starts_with("id_shop="))
            .collect();
        let mut location = format!("{}/?url={}", shop.url, call.path.trim_start_matches("/api/"));
        for part in without_shop {
            location.push('&');
            location.push_str(part);
        }
        let mut answer = Answer::html(302, "");
        answer.headers.push(("Location", location));
        return Err(Box::new(answer));
    }
    if !call.path.starts_with("/api") {
        return Err(Box::new(Answer::html(404, "<html><body><h1>404 Not Found</h1></body></html>")));
    }
    if call.method == "OPTIONS" && shop.version.is_nine() {
        return Err(Box::new(Answer::html(200, "200 OK")));
    }
    if !shop.settings.webservice_enabled {
        let mut answer = refuse(Refusal::new(
            503,
            22,
            "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office",
        ));
        answer.authenticated = false;
        return Err(answer);
    }
    let credentials = call.credentials();
    if credentials.are_missing() {
        let mut answer = Answer::html(401, "401 Unauthorized");
        answer.headers.push(("WWW-Authenticate", REALM.to_owned()));
        return Err(Box::new(answer));
    }
    let key = credentials.check(&shop.keys).map_err(|refusal| {
        let mut answer = refuse(refusal);
        answer.authenticated = false;
        answer.headers.push(("WWW-Authenticate", REALM.to_owned()));
        answer
    })?;
    let unknown_group = |name: &str| {
        call.query
            .get(name)
            .is_some_and(|id| id.parse::<Id>().ok().and_then(|id| shop.get("shop_groups", id)).is_none())
    };
    if unknown_group("id_shop_group") || unknown_group("id_group_shop") {
        return Err(refuse(Refusal::new(500, 999, "This shop group doesn't have shops")));
    }
    admit_resource(shop, call, key).map_err(refuse)?;
    Ok(key.clone())
}

fn admit_resource(shop: &Shop, call: &Call, key: &Key) -> Result<(), Refusal> {
    let resource = call.resource.as_str();
    if !resource.is_empty() {
        let names = read::resource_names(shop);
        if !names.contains(&resource) {
            let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            return Err(Refusal::new(
                400,
                27,
                format!(
                    "Resource of type \"{resource}\" does not exists. Did you mean: \"{}\"? The full list is: {}",
                    query::closest(resource, &names),
                    list.join(", ")
                ),
            ));
        }
        if !key.sees(resource) {
            return Err(Refusal::new(
                401,
                26,
                format!("Resource of type \"{resource}\" is not allowed with this authentication key"),
            ));
        }
    }
    let method = call.method.as_str();
    if !super::auth::METHODS.contains(&method) {
        return Err(Refusal::new(405, 23, format!("Method {method} is not valid")));
    }
    if resources::forbidden_methods(resource).contains(&method) {
        return Err(Refusal::new(
            405,
            101,
            format!("Method {method} is not allowed for the resource {resource}"),
        ));
    }
    if !resource.is_empty() && !key.allows(resource, method) {
        return Err(Refusal::new(
            405,
            25,
            format!(
                "Method {method} is not allowed for the resource {resource} with this authentication key"
            ),
        ));
    }
    Ok(())
}
