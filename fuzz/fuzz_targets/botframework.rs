#![no_main]

use libfuzzer_sys::fuzz_target;
use upshot_adapters::Format;

fuzz_target!(|bytes: &[u8]| upshot_fuzz::check(Some(Format::BotFramework), bytes));
