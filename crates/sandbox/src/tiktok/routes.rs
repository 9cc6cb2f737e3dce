//! The table of all endpoints: method, path, versions, scopes, and whether `shop_cipher` belongs there.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::call::Call;
use super::world::World;
use super::{
    cancellation_calls, external_orders, fulfilment, logistics, orders, packages, price_detail, returns,
    tokens, webhooks,
};

/// What an endpoint does.
type Handler = fn(&mut World, &Call) -> Answer;

/// One endpoint.
#[derive(Debug)]
pub struct Route {
    pub method: &'static str,
    /// Path with placeholders; `{version}` stands for one of `versions`.
    pub pattern: &'static str,
    pub versions: &'static [&'static str],
    /// Any one of these is enough.
    pub scopes: &'static [&'static str],
    pub takes_cipher: bool,
    pub handler: Handler,
}

/// What was found for a method and a path.
pub enum Found {
    Endpoint(&'static Route, BTreeMap<&'static str, String>),
    /// The path is there, the method is not.
    OtherMethod,
    /// The path is there in other versions.
    OtherVersion,
    Nothing,
}

const V202309: &[&str] = &["202309"];
const SHOP_INFO: &[&str] = &["seller.authorization.info"];
const ORDERS: &[&str] = &["seller.order.info"];
const SHIPPING: &[&str] = &["seller.fulfillment.basic"];
const PACKAGES: &[&str] = &["seller.fulfillment.package.write"];
const LOGISTICS: &[&str] = &["seller.logistics"];
const AFTER_SALE: &[&str] = &["seller.return_refund.basic"];

const fn shop_route(
    method: &'static str,
    pattern: &'static str,
    versions: &'static [&'static str],
    scopes: &'static [&'static str],
    handler: Handler,
) -> Route {
    Route { method, pattern, versions, scopes, takes_cipher: true, handler }
}

/// Literal segments stand before placeholders, so that the first match is the right one.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    Route { method: "GET", pattern: "/authorization/{version}/shops", versions: V202309, scopes: SHOP_INFO, takes_cipher: false, handler: tokens::list_shops },
    shop_route("POST", "/order/{version}/orders/search", V202309, ORDERS, orders::search),
    shop_route("GET", "/order/{version}/orders", &["202309", "202507"], ORDERS, orders::read),
    shop_route("GET", "/order/{version}/orders/{order_id}/price_detail", &["202407"], ORDERS, price_detail::read),
    shop_route("POST", "/order/{version}/orders/external_orders", &["202406"], &["seller.order.ext_ref.write"], external_orders::write),
    shop_route("GET", "/order/{version}/orders/{order_id}/external_orders", &["202406"], &["seller.order.ext_ref.read"], external_orders::read),
    shop_route("POST", "/order/{version}/orders/external_order_search", &["202406"], &["seller.order.ext_ref.read"], external_orders::search),
    shop_route("POST", "/fulfillment/{version}/orders/{order_id}/packages", V202309, SHIPPING, fulfilment::mark_as_shipped),
    shop_route("POST", "/fulfillment/{version}/packages/search", V202309, SHIPPING, packages::search),
    shop_route("POST", "/fulfillment/{version}/packages/ship", V202309, SHIPPING, fulfilment::ship_packages),
    shop_route("POST", "/fulfillment/{version}/packages/{package_id}/ship", V202309, SHIPPING, fulfilment::ship_package),
    shop_route("GET", "/fulfillment/{version}/packages/{package_id}", V202309, SHIPPING, packages::read),
    shop_route("GET", "/fulfillment/{version}/packages/{package_id}/shipping_documents", V202309, SHIPPING, packages::documents),
    shop_route("GET", "/fulfillment/{version}/packages/{package_id}/handover_time_slots", V202309, PACKAGES, packages::slots),
    shop_route("POST", "/fulfillment/{version}/packages/{package_id}/shipping_info/update", V202309, SHIPPING, packages::correct_package),
    shop_route("POST", "/fulfillment/{version}/orders/{order_id}/shipping_info/update", V202309, LOGISTICS, packages::correct_order),
    shop_route("GET", "/fulfillment/{version}/orders/{order_id}/tracking", V202309, LOGISTICS, packages::tracking),
    shop_route("GET", "/logistics/{version}/delivery_options/{delivery_option_id}/shipping_providers", V202309, &["seller.fulfillment.basic", "seller.logistics"], logistics::list_providers),
    shop_route("GET", "/logistics/{version}/warehouses", V202309, LOGISTICS, logistics::list_warehouses),
    shop_route("GET", "/logistics/{version}/warehouses/{warehouse_id}/delivery_options", V202309, LOGISTICS, logistics::list_delivery_options),
    shop_route("POST", "/return_refund/{version}/cancellations", &["202309", "202602"], AFTER_SALE, cancellation_calls::cancel),
    shop_route("POST", "/return_refund/{version}/cancellations/search", &["202309", "202602"], AFTER_SALE, cancellation_calls::search),
    shop_route("POST", "/return_refund/{version}/cancellations/{cancel_id}/approve", V202309, AFTER_SALE, cancellation_calls::approve),
    shop_route("POST", "/return_refund/{version}/cancellations/{cancel_id}/reject", V202309, AFTER_SALE, cancellation_calls::reject),
    shop_route("GET", "/return_refund/{version}/reject_reasons", V202309, AFTER_SALE, cancellation_calls::list_reject_reasons),
    shop_route("GET", "/return_refund/{version}/orders/{order_id}/aftersale_eligibility", &["202309", "202602"], AFTER_SALE, cancellation_calls::eligibility),
    shop_route("POST", "/return_refund/{version}/returns/search", &["202309", "202602"], AFTER_SALE, returns::search),
    shop_route("GET", "/event/{version}/webhooks", V202309, SHOP_INFO, webhooks::list_registrations),
    shop_route("PUT", "/event/{version}/webhooks", V202309, SHOP_INFO, webhooks::register),
    shop_route("DELETE", "/event/{version}/webhooks", V202309, SHOP_INFO, webhooks::unregister),
];

/// Finds the endpoint for a method and a path.
pub fn find(method: &str, path: &str) -> Found {
    let mut near = Found::Nothing;
    for route in ROUTES {
        let Some(values) = placeholders(route.pattern, path) else { continue };
        let version = values.get("version").map_or("", String::as_str);
        let has_version = route.versions.contains(&version);
        if has_version && route.method == method {
            return Found::Endpoint(route, values);
        }
        near = match near {
            Found::Nothing if has_version => Found::OtherMethod,
            Found::Nothing if route.method == method && is_version(version) => Found::OtherVersion,
            near => near,
        };
    }
    near
}

fn is_version(text: &str) -> bool {
    text.len() == 6 && text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The values of the placeholders, if the path has the shape of the pattern.
fn placeholders(pattern: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut values = BTreeMap::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => {
                values.insert(name, segment.to_owned());
            }
            _ if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_paths_win_over_placeholders() {
        let pattern_of = |method, path| match find(method, path) {
            Found::Endpoint(route, _) => route.pattern,
            Found::OtherMethod => "other method",
            Found::OtherVersion => "other version",
            Found::Nothing => "nothing",
        };

        assert_eq!(
            pattern_of("POST", "/fulfillment/202309/packages/ship"),
            "/fulfillment/{version}/packages/ship"
        );
        assert_eq!(
            pattern_of("GET", "/fulfillment/202309/packages/115"),
            "/fulfillment/{version}/packages/{package_id}"
        );
        assert_eq!(pattern_of("GET", "/order/202309/orders/5764"), "nothing");
        assert_eq!(pattern_of("GET", "/order/202309/orders/search"), "other method");
        assert_eq!(pattern_of("POST", "/order/202212/orders/search"), "other version");
        assert_eq!(pattern_of("GET", "/reverse/202309/orders"), "nothing");
    }
}
