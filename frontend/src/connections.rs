//! The parts of the pages about connections.

pub mod credentials;
pub mod map_field;
pub mod settings_fields;
pub mod settings_form;
pub mod test_result;
