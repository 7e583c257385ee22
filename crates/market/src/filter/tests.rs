//! Tables of lists: what is asked, and which orders are shown, in which order.

use std::sync::Arc;
use std::time::Duration;

use api::market::Status;
use protocol::order::{AppOrder, DatasetOrder, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Amount, B256, Bytes, OrderHash};

use super::*;
use crate::book::Book;
use crate::entry::Booked;
use crate::params::Paging;

const SOLD: Address = Address::repeat_byte(0xaa);
const A: Address = Address::repeat_byte(0xa1);
const B: Address = Address::repeat_byte(0xb1);
const OWNER: Address = Address::repeat_byte(0x0e);

fn entry<O: Booked>(number: u8, order: O) -> Entry {
    let signed = Signed { order, sign: Bytes::new() };
    let published = Duration::from_secs(u64::from(number));
    Entry::new(OrderHash(B256::repeat_byte(number)), &signed, OWNER, published)
}

/// The numbers of the orders that a list shows.
fn shown(kind: Kind, entries: &[Entry], query: &str) -> Vec<u8> {
    let mut book = Book::default();
    for entry in entries {
        book.put(Arc::new(entry.clone()));
    }
    let filter = Filter::read(kind, &Params::read(Some(query)).unwrap()).unwrap();
    let (count, page) = book.page(&filter, Paging { skip: 0, limit: 1_000 });
    assert_eq!(count, page.len() as u64);
    page.iter().map(|entry| entry.hash.0[0]).collect()
}

fn app(number: u8, order: AppOrder) -> Entry {
    entry(number, AppOrder { app: SOLD, volume: U256::from(number), ..order })
}

#[test]
fn restrictions_pass_as_the_parameter_says() {
    let entries = [
        app(1, AppOrder::default()),
        app(2, AppOrder { requesterrestrict: A, ..Default::default() }),
        app(3, AppOrder { requesterrestrict: B, ..Default::default() }),
        app(4, AppOrder { datasetrestrict: A, requesterrestrict: A, ..Default::default() }),
    ];
    for (query, numbers) in [
        (String::new(), &[1][..]),
        (format!("requester={A}"), &[1, 2]),
        (format!("requester={B}&isRequesterStrict=true"), &[3]),
        (format!("requester={B}&isRequesterStrict=false"), &[1, 3]),
        ("requester=any".to_owned(), &[1, 2, 3]),
        (format!("requester={}", Address::ZERO), &[1]),
        ("requester=any&isRequesterStrict=true".to_owned(), &[1, 2, 3]),
        (format!("requester={A}&dataset={A}"), &[1, 2, 4]),
        ("requester=any&dataset=any&workerpool=any".to_owned(), &[1, 2, 3, 4]),
        (format!("requester={A}&dataset={A}&isDatasetStrict=1"), &[4]),
    ] {
        assert_eq!(shown(Kind::App, &entries, &format!("app={SOLD}&{query}")), numbers, "{query}");
    }
    assert_eq!(shown(Kind::App, &entries, "app=any"), [1]);
    assert_eq!(shown(Kind::App, &entries, &format!("appOwner={OWNER}")), [1]);
    assert!(shown(Kind::App, &entries, &format!("appOwner={A}")).is_empty());
    assert!(shown(Kind::App, &entries, &format!("app={A}")).is_empty());
}

#[test]
fn tags_are_masks() {
    let tagged = |number, bits| app(number, AppOrder { tag: Tag::from_low(bits), ..Default::default() });
    let entries = [tagged(1, 0), tagged(2, 0x1), tagged(3, 0x9), tagged(4, 0x101)];
    for (min, max, numbers) in [
        (None, None, &[1, 2, 3, 4][..]),
        (Some(0), None, &[1, 2, 3, 4]),
        (Some(0x1), None, &[2, 3, 4]),
        (Some(0x9), None, &[3]),
        (None, Some(0), &[1]),
        (None, Some(0x9), &[1, 2, 3]),
        (Some(0x1), Some(0x101), &[2, 4]),
    ] {
        let mut query = "app=any".to_owned();
        for (name, bits) in [("minTag", min), ("maxTag", max)] {
            query += &bits.map(|bits| format!("&{name}={}", Tag::from_low(bits).0)).unwrap_or_default();
        }
        assert_eq!(shown(Kind::App, &entries, &query), numbers, "{query}");
    }
}

#[test]
fn only_open_orders_with_enough_left_are_listed() {
    let mut entries: Vec<Entry> = (1..=5).map(|number| app(number, AppOrder::default())).collect();
    entries[0].status = Status::Dead;
    entries[1].status = Status::Filled;
    entries[4].remaining = U256::from(1);
    assert_eq!(shown(Kind::App, &entries, "app=any"), [3, 4, 5]);
    assert_eq!(shown(Kind::App, &entries, "app=any&minVolume=2"), [3, 4]);
    assert_eq!(shown(Kind::App, &entries, "app=any&minVolume=4"), [4]);
}

#[test]
fn pools_are_found_by_category_trust_and_price() {
    let pool = |number, price, category: u64, trust: u64| {
        let order = WorkerpoolOrder {
            workerpool: SOLD,
            workerpoolprice: Amount::nrlc(price),
            category: U256::from(category),
            trust: U256::from(trust),
            volume: U256::from(1),
            ..Default::default()
        };
        entry(number, order)
    };
    // Cheapest first, then oldest; 10 is not before 9 as text would have it.
    let entries = [pool(1, 10, 0, 1), pool(2, 9, 0, 5), pool(3, 9, 0, 0), pool(4, 0, 2, 100)];
    for (query, numbers) in [
        ("", &[4, 2, 3, 1][..]),
        ("category=0", &[2, 3, 1]),
        ("category=2", &[4]),
        ("minTrust=1", &[4, 2, 3, 1]),
        ("minTrust=5", &[4, 2]),
        ("workerpool=any&category=1", &[]),
    ] {
        assert_eq!(shown(Kind::Workerpool, &entries, query), numbers, "{query}");
    }
    assert_eq!(shown(Kind::Workerpool, &entries, &format!("workerpool={SOLD}&workerpoolOwner={OWNER}")), [4, 2, 3, 1]);
    assert!(shown(Kind::Workerpool, &entries, &format!("workerpool={A}")).is_empty());
}

#[test]
fn requests_come_dearest_first() {
    let request = |number, price, trust: u64, workerpool| {
        let order = RequestOrder {
            app: SOLD,
            requester: A,
            beneficiary: B,
            workerpool,
            workerpoolmaxprice: Amount::nrlc(price),
            trust: U256::from(trust),
            volume: U256::from(1),
            ..Default::default()
        };
        entry(number, order)
    };
    let zero = Address::ZERO;
    let entries = [request(1, 1, 1, zero), request(2, 30, 9, zero), request(3, 30, 1, zero), request(4, 99, 1, B)];
    for (query, numbers) in [
        (String::new(), &[2, 3, 1][..]),
        ("maxTrust=1".to_owned(), &[3, 1]),
        (format!("workerpool={B}"), &[4, 2, 3, 1]),
        (format!("workerpool={B}&isWorkerpoolStrict=true"), &[4]),
        (format!("app={SOLD}&requester={A}&beneficiary={B}&dataset=any"), &[2, 3, 1]),
        (format!("requester={B}"), &[]),
    ] {
        assert_eq!(shown(Kind::Request, &entries, &query), numbers, "{query}");
    }
}

#[test]
fn bulk_datasets_are_free_and_endless() {
    let dataset = |number, price, volume: u64| {
        let volume = U256::from(volume);
        entry(number, DatasetOrder { dataset: SOLD, datasetprice: Amount::nrlc(price), volume, ..Default::default() })
    };
    let most = (1 << 53) - 1;
    let entries = [dataset(1, 0, most), dataset(2, 0, most - 1), dataset(3, 0, most - 2), dataset(4, 1, most)];
    assert_eq!(shown(Kind::Dataset, &entries, "dataset=any&bulkOnly=true"), [1, 2]);
    assert_eq!(shown(Kind::Dataset, &entries, "dataset=any"), [1, 2, 3, 4]);
    assert_eq!(entries[0].record(134)["bulk"], true);
    assert_eq!(entries[3].record(134)["bulk"], false);
}

#[test]
fn a_request_needs_a_counterpart_that_lets_it_through() {
    let wanted =
        RequestOrder { app: SOLD, dataset: B, appmaxprice: Amount::nrlc(5), requester: A, ..Default::default() };
    let tee = RequestOrder { tag: Tag::from_low(1), dataset: Address::ZERO, ..wanted.clone() };
    let plain = RequestOrder { dataset: Address::ZERO, ..wanted.clone() };
    let data = entry(9, DatasetOrder { dataset: B, apprestrict: SOLD, volume: U256::from(1), ..Default::default() });
    for (offer, request, unmatched) in [
        (AppOrder::default(), &plain, None),
        (AppOrder { appprice: Amount::nrlc(6), ..Default::default() }, &plain, Some(Kind::App)),
        (AppOrder { requesterrestrict: A, ..Default::default() }, &plain, None),
        (AppOrder { requesterrestrict: B, ..Default::default() }, &plain, Some(Kind::App)),
        (AppOrder { workerpoolrestrict: B, ..Default::default() }, &plain, Some(Kind::App)),
        (AppOrder::default(), &tee, Some(Kind::App)),
        (AppOrder { tag: Tag::from_low(1), ..Default::default() }, &tee, None),
        (AppOrder::default(), &wanted, Some(Kind::Dataset)),
    ] {
        let mut book = Book::default();
        book.put(Arc::new(app(1, offer.clone())));
        let request = entry(2, request.clone());
        assert_eq!(book.unmatched(&request), unmatched, "{offer:?}");
        book.put(Arc::new(data.clone()));
        assert_eq!(book.unmatched(&request), unmatched.filter(|kind| *kind == Kind::App), "{offer:?}");
    }
}
