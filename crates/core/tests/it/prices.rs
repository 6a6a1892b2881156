//! Price lists: laws of what a call costs, and what is said of a wrong list.

use proptest::prelude::*;
use upshot_core::prices::{Price, PriceError, PriceList, Tokens};
use upshot_core::time::{DAY, start_of_day};

fn list(entries: &str) -> PriceList {
    PriceList::from_toml(&format!(
        "compiled = 2026-01-05\ncurrency = \"USD\"\n{entries}"
    ))
    .unwrap()
}

fn problems(text: &str) -> Vec<String> {
    match PriceList::from_toml(text) {
        Err(PriceError::Wrong(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

/// 2025-06-10.
const CUT: i32 = 20_249;

#[test]
fn the_list_that_comes_with_the_program_is_valid() {
    let list = PriceList::from_toml(PriceList::built_in_text()).unwrap();
    assert_eq!(list, *PriceList::built_in());
    assert!(list.prices().len() > 25);
    for price in list.prices() {
        // A day without a price before a model existed is right; without a first day a price is the only one that is
        // known of its models, as the head of the file says.
        let shares_a_name =
            |other: &&Price| price.models.iter().any(|name| other.models.contains(name));
        let of_its_models = list.prices().iter().filter(shares_a_name).count();
        assert!(
            price.from.is_some() || of_its_models == 1,
            "{:?}",
            price.models
        );
        assert!(
            price.rates.cached <= price.rates.input,
            "{:?}",
            price.models
        );
    }
    let o3 = list.of_model(Some("OpenAI"), "o3");
    let input = |time| o3.at(time).map(|price| price.rates.input);
    assert_eq!(input(start_of_day(CUT) - 1), Some(10_000_000));
    assert_eq!(input(start_of_day(CUT)), Some(2_000_000));
    assert_eq!(input(start_of_day(CUT - 365)), None);
}

#[test]
fn the_closest_name_decides() {
    let list = list(
        r#"
        [[price]]
        model = "gpt-*"
        input = 9
        output = 9
        source = "a"
        [[price]]
        provider = ["openai", "azure"]
        model = "gpt-4o*"
        input = 8
        output = 8
        source = "b"
        [[price]]
        provider = "openai"
        model = "gpt-4o"
        input = 7
        output = 7
        source = "c"
        "#,
    );
    let source = |provider, model| {
        let prices = list.of_model(provider, model);
        prices.at(0).map(|price| price.source.to_string())
    };
    for (provider, model, expected) in [
        (Some("openai"), "gpt-4o", Some("c")),
        (Some("OpenAI"), "GPT-4o", Some("c")),
        (Some("azure"), "gpt-4o", Some("b")),
        (None, "gpt-4o", Some("c")),
        (None, "openai/gpt-4o", Some("c")),
        (Some("elsewhere"), "gpt-4o", Some("a")),
        (Some("openai"), "gpt-4o-mini", Some("b")),
        (Some("openai"), "o1", None),
    ] {
        assert_eq!(
            source(provider, model).as_deref(),
            expected,
            "{provider:?} {model}"
        );
    }
}

#[test]
fn what_has_no_price_of_its_own_costs_what_it_is_part_of() {
    let list = list("[[price]]\nmodel = \"m\"\ninput = 1\noutput = 2\nsource = \"s\"\n");
    let rates = list.of_model(None, "m").at(0).unwrap().rates;
    let tokens = Tokens {
        input: 3_000_000,
        output: 1_000_000,
        cached: 2_000_000,
        cache_write: 500_000,
        reasoning: 400_000,
    };
    assert_eq!(rates.cost(&tokens), 5.0);
}

#[test]
fn everything_that_is_wrong_is_said() {
    let found = problems(
        r#"
        currency = "EUR"
        colour = 1
        [[price]]
        model = "a"
        inputs = 1
        output = -1
        from = "2026-01-01"
        source = "s"
        [[price]]
        provider = ""
        from = 2026-02-01
        to = 2026-02-01
        input = 1
        output = 1e9
        "#,
    );
    assert_eq!(
        found,
        [
            "`colour`: there is no such key",
            "`compiled`: the day on which the list was compiled is missing, such as 2026-03-29",
            "`currency`: it must be \"USD\": costs are kept in US dollars",
            "`price[1].inputs`: there is no such key; did you mean `input`?",
            "`price[1].from`: it must be a day without quotes, such as 2026-03-29",
            "`price[1].input`: the price of a million tokens in US dollars is missing",
            "`price[1].output`: it must be US dollars a million tokens, from 0 to 1000000",
            "`price[2].provider`: it must be a name or a list of names",
            "`price[2].model`: at least one name of a model is missing",
            "`price[2].to`: it must be later than `from`",
            "`price[2].output`: it must be US dollars a million tokens, from 0 to 1000000",
            "`price[2].source`: where the figures come from is missing",
        ]
    );
    let twice = problems(
        "compiled = 2026-01-05\ncurrency = \"USD\"\n\
         [[price]]\nprovider = \"p\"\nmodel = [\"a\", \"b\"]\nfrom = 2026-01-01\ninput = 1\noutput = 1\nsource = \"s\"\n\
         [[price]]\nprovider = \"p\"\nmodel = \"b\"\nto = 2026-01-02\ninput = 1\noutput = 1\nsource = \"s\"\n",
    );
    assert_eq!(
        twice,
        ["`price[1]`: `b` of `p` has another price on the same days in price[2]; set `to` there"]
    );
    assert!(matches!(
        PriceList::from_toml("compiled ="),
        Err(PriceError::Syntax { .. })
    ));
}

fn tokens() -> impl Strategy<Value = Tokens> {
    let count = || -5_i64..2_000_000;
    (count(), count(), count(), count(), count()).prop_map(
        |(input, output, cached, cache_write, reasoning)| Tokens {
            input,
            output,
            cached,
            cache_write,
            reasoning,
        },
    )
}

/// Entries one after the other in time, from these days with these prices.
fn steps(prices: &[u32]) -> String {
    prices
        .iter()
        .enumerate()
        .map(|(index, price)| {
            let month = |index: usize| format!("{:04}-{:02}-01", 2020 + index / 12, index % 12 + 1);
            format!(
                "[[price]]\nmodel = \"m\"\nfrom = {}\nto = {}\ninput = {price}\noutput = 1\nsource = \"s\"\n",
                month(index),
                month(index + 1)
            )
        })
        .collect()
}

proptest! {
    #[test]
    fn more_written_never_costs_less_and_nothing_is_negative(tokens in tokens(), more in 0_i64..1_000) {
        for price in PriceList::built_in().prices() {
            let cost = price.rates.cost(&tokens);
            prop_assert!(cost >= 0.0);
            let longer = Tokens { output: tokens.output + more, ..tokens };
            prop_assert!(price.rates.cost(&longer) >= cost);
            let asked = Tokens { input: tokens.input + more, ..tokens };
            prop_assert!(price.rates.cost(&asked) >= cost);
        }
    }

    #[test]
    fn a_cache_never_makes_a_call_dearer_where_it_is_cheaper_a_token(
        input in 0_i64..1_000_000,
        share in 0_i64..100,
    ) {
        let cached = input * share / 100;
        for price in PriceList::built_in().prices() {
            let plain = price.rates.cost(&Tokens { input, ..Tokens::default() });
            let with_cache = price.rates.cost(&Tokens { input, cached, ..Tokens::default() });
            prop_assert!(with_cache <= plain);
        }
    }

    #[test]
    fn at_every_instant_the_entry_of_its_day_holds(
        prices in proptest::collection::vec(0_u32..1_000, 1..30),
        day in 18_200_i32..19_400,
        within in 0_i64..DAY,
    ) {
        let list = list(&steps(&prices));
        let time = start_of_day(day) + within;
        let found = list.of_model(None, "m").at(time).cloned();
        let expected = list
            .prices()
            .iter()
            .find(|price| price.from.unwrap() <= day && day < price.to.unwrap());
        prop_assert_eq!(found.as_ref(), expected);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        let _ = PriceList::from_toml(&text);
        let _ = PriceList::from_toml(&format!("compiled = 2026-01-05\ncurrency = \"USD\"\n[[price]]\n{text}"));
    }
}
