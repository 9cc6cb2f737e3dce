//! The platform's limit of requests per second, for each endpoint and shop.

use std::collections::HashMap;

/// Counts requests in windows of one second of the machine's clock.
#[derive(Debug, Default)]
pub struct Limiter {
    windows: HashMap<(String, String), (i64, u32)>,
}

impl Limiter {
    /// Counts a request; `false` when the second is used up. A limit of 0 lets everything pass.
    pub fn admit(&mut self, endpoint: &str, shop: &str, limit: u32, machine_s: i64) -> bool {
        if limit == 0 {
            return true;
        }
        let window = self.windows.entry((endpoint.to_owned(), shop.to_owned())).or_insert((machine_s, 0));
        if window.0 != machine_s {
            *window = (machine_s, 0);
        }
        window.1 += 1;
        window.1 <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_request_of_a_second_is_refused() {
        let mut limiter = Limiter::default();
        let mut ask = |second| limiter.admit("/orders", "shop", 2, second);

        assert_eq!([ask(1), ask(1), ask(1), ask(2)], [true, true, false, true]);
    }
}
