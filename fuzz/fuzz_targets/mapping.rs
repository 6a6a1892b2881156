#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use upshot_adapters::Mapping;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (mapping, data) = bytes.split_at(end);
    match Mapping::from_toml(&String::from_utf8_lossy(mapping)) {
        Ok(mapping) => upshot_fuzz::check_mapped(Arc::new(mapping), data.get(1..).unwrap_or_default()),
        Err(error) => assert!(!error.problems.is_empty()),
    }
});
