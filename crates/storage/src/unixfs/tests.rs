//! Vectors from the JavaScript importer with the node's defaults (`size` is its cumulative size, Kubo's `Size`).

use proptest::prelude::*;

use super::*;
use crate::address;

/// Byte `i` is `i mod 251`, handed over in pieces that are no divisor of the chunk.
fn pattern(format: Format, size: usize) -> Stored {
    let mut hasher = Hasher::new(format);
    feed(size, |piece| hasher.update(piece));
    hasher.finish().unwrap()
}

fn feed(size: usize, mut take: impl FnMut(&[u8])) {
    let period: Vec<u8> = (0..251_u32).cycle().take(251 * 399).map(|byte| byte as u8).collect();
    let mut left = size;
    while left > 0 {
        let piece = left.min(period.len());
        take(&period[..piece]);
        left -= piece;
    }
}

const CHUNK: usize = 262_144;

#[test]
fn well_known_files_have_their_well_known_addresses() {
    for (content, cid) in [
        ("", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
        ("hello world\n", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"),
        ("hello", "QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX"),
    ] {
        assert_eq!(address_of(Format::V0, content.as_bytes()).unwrap().cid.to_string(), cid, "{content:?}");
    }
}

#[test]
fn files_of_any_size_are_addressed_as_an_ipfs_node_would() {
    for (size, cid, dag_size) in [
        (0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", 6),
        (1, "QmS9JArPwa55ePgDnyg6TzX24mYTS1b1vLqWNebyVotKxQ", 9),
        (5, "Qma4sWyoTiJKYx1wTjkxWY71dYg1oWgE7SE9oiTGqGnyoR", 13),
        (CHUNK - 1, "QmRfm83kqBpGJbGxJg1en9hpwq8eNnP4E2Dj8K73F4m983", 262_157),
        (CHUNK, "QmeqfRyS3vkku7n6krqC3DgGMex3x2sCpSeKMDmrG13QQq", 262_158),
        (CHUNK + 1, "QmUSjGawaz4ptvREcMKSMJneWCa5j8dAz2wSAAvHtW2rnB", 262_267),
        (2 * CHUNK, "QmX9AxjaxS7HCFKUdcQRgNKmfEj9hhjTsE57CB5iPe8zus", 524_420),
        (174 * CHUNK - 1, "QmSpC61nY4dcarPju8f7JsXaMpEL99ZAYsMbQnfymuVJBs", 45_623_853),
        (174 * CHUNK, "QmXCym15aFeWjAWyPFaAgwVmkuKB7EBsV77Skt54KmxChF", 45_623_854),
        (174 * CHUNK + 1, "QmTedsTekQQkgACJXb1sPZSW8bLdS9LPMrT7L4YdjNRd4n", 45_624_016),
        (175 * CHUNK + 5, "QmagSFfvPvAFXZm9mwAVndNCzXpY4nHRu58riErtS5tf8K", 45_886_232),
        (348 * CHUNK + 1, "QmWS8b6yZxWD74H3M3Ptvw4DgJscGbAQuB4rqKzJMneRrU", 91_247_920),
    ] {
        let stored = pattern(Format::V0, size);
        assert_eq!((stored.cid.to_string().as_str(), stored.dag_size), (cid, dag_size), "{size} bytes");
        assert_eq!(stored.size, size as u64);
    }
}

#[test]
fn version_one_uses_raw_leaves() {
    for (size, cid, dag_size) in [
        (0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", 0),
        (5, "bafkreiaixnpf23vkyecj5xqispjq5ubcwgsntnnurw2bjby7khe4wnjihu", 5),
        (CHUNK, "bafkreibruh455iawsviqslif5c7uurdcfdemh22mtnytyzvnzn75kpejxy", 262_144),
        (CHUNK + 1, "bafybeiexg2oqkfnj56l7fcmawswqbijt5shq4b5rg6a546uwpkqqzwjioi", 262_249),
        (2 * CHUNK, "bafybeihjlsmgtdumwxouubhh32wpo5k73zuptoz5bcxxcx3tflxmhyct2a", 524_396),
        (174 * CHUNK + 1, "bafybeib4y7ghw2rq7bracc4xwtxrbzo7cfvagdpte2tmrkgwl6dyard3cm", 45_621_926),
    ] {
        let stored = pattern(Format::V1, size);
        assert_eq!((stored.cid.to_string().as_str(), stored.dag_size), (cid, dag_size), "{size} bytes");
    }
}

fn verifies(cid: &str, content: &[u8]) -> bool {
    let mut verifier = Verifier::new(&address::parse(cid).unwrap()).unwrap();
    verifier.update(content);
    verifier.matches()
}

#[test]
fn a_verifier_knows_every_usual_layout_also_when_the_codec_was_lost() {
    for (size, cid) in [
        (3_000_000, "bafybeigqr2ulyhu7r6rmratednc5n7y6s4bl4yui725mm45qk7o2ydor3m"),
        (1 << 20, "bafkreidddocae7lltzjlkooe5a3tmiwsgazn7logjvqk7bzttsidpzhxne"),
    ] {
        let mut verifier = Verifier::new(&address::parse(cid).unwrap()).unwrap();
        feed(size, |piece| verifier.update(piece));
        assert!(verifier.matches(), "{cid}");
    }
    for format in Format::ALL {
        let cid = address_of(format, b"hello").unwrap().cid;
        let lost = Address::of(&cid).unwrap().v0().to_string();
        assert!(verifies(&cid.to_string(), b"hello") && verifies(&lost, b"hello"), "{format:?}");
        assert!(!verifies(&cid.to_string(), b"hellO") && !verifies(&lost, b""), "{format:?}");
    }
}

#[test]
fn a_file_and_its_own_root_block_never_answer_to_one_address() {
    // The dag-pb node of the file "hello": its plain sha2-256 is the file's address.
    let node = [b"\x0a\x0b\x08\x02\x12\x05".as_slice(), b"hello", b"\x18\x05"].concat();
    assert!(is_node(&node));
    assert!(verifies("QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX", b"hello"));
    assert!(!verifies("QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX", &node));
    for format in [Format::V1, Format::Raw] {
        assert!(matches!(address_of(format, &node), Err(Error::RawNode)), "{format:?}");
    }
}

#[test]
fn a_raw_block_has_a_largest_size() {
    let largest = vec![b'x'; LARGEST_BLOCK as usize];
    assert!(address_of(Format::Raw, &largest).is_ok());
    let error = address_of(Format::Raw, &[largest, vec![0]].concat()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

proptest! {
    #[test]
    fn the_address_does_not_depend_on_how_the_content_was_cut(size in 0_usize..900_000, cut in 1_usize..300_000) {
        let content: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        for format in Format::ALL {
            let mut hasher = Hasher::new(format);
            content.chunks(cut).for_each(|piece| hasher.update(piece));
            prop_assert_eq!(hasher.finish().unwrap(), address_of(format, &content).unwrap());
        }
    }

    #[test]
    fn garbage_is_looked_at_without_panic(block in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(!is_node(&[&[0xff], &block[..]].concat()));
    }
}
