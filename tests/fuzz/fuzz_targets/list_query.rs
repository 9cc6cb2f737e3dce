#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::list_query(data));
