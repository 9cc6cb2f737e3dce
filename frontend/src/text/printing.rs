//! Orders on paper.

use crate::text::number_of_orders;

sentences! {
    PRINT "Print"
    PRINT_SLIP "Print packing slip…"
    PRINT_SLIPS "Packing slips, pick list…"
    PRINT_ORDERS "Print orders"
    PRINT_LEAD "Packing slips go into the parcels; the pick list is for whoever fetches the products from the shelves."
    WHAT_TO_PRINT "What to print"
    PACKING_SLIPS "Packing slips, one for each order"
    PICK_LIST "Pick list, all products together"
    WITH_PRICES "With prices"
    WITH_ADDRESSES "Show the addresses"
    ADDRESSES_NOT_SHOWN "Not all addresses could be shown"
    ORDERS_NOT_LOADED_TO_PRINT "The orders could not be loaded"
    NOTHING_TO_PACK "None of these orders is to be packed"
    PACKING_SLIP "Packing slip"
    ORDERED_ON "Ordered"
    PRICE "Price"
    TO_PICK "To pick"
    IN_ORDERS "In orders"
}

pub fn left_out(number: i64) -> String {
    if number == 1 {
        "1 order is left out: it is not released yet, has left, or is not packed by you.".to_owned()
    } else {
        format!(
            "{} are left out: they are not released yet, have left, or are not packed by you.",
            number_of_orders(number)
        )
    }
}

pub fn only_the_first(number: usize) -> String {
    format!("These are the first {number} orders; narrow the filters for the others.")
}
