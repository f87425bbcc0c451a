//! Pages of what is found.

use kundig_tests::{Database, Server, on_both_databases};
use serde_json::{Value, json};

use super::{names, search};
use crate::objects::SERVICE;
use crate::support::{create_service, eventually};

async fn pages_by_key_hold_everything_once_and_stay_good_when_entries_go(database: Database) {
    let server = Server::start(&database).await;
    // Equally good ones, better ones, and such with typos.
    for number in 0..9 {
        create_service(&server, &format!("Archive {number}")).await;
        create_service(&server, &format!("Archives of ward {number}")).await;
    }
    create_service(&server, "Archive").await;
    create_service(&server, "Arhive").await;
    let whole = eventually("all are found", async || {
        let whole = search(&server, None, json!({"query": "archive", "first": 100})).await;
        let whole = names(&whole.expect_data()["search"]);
        (whole.len() == 20).then_some(whole)
    })
    .await;
    assert_eq!(whole[0], "Archive");
    assert_eq!(whole[19], "Arhive");

    let mut paged = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = json!({"query": "archive", "first": 3, "after": after});
        let page = search(&server, None, page).await;
        let page = &page.expect_data()["search"];
        assert_eq!(page["totalCount"], 20);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !paged.is_empty());
        paged.extend(names(page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(paged, whole);

    let page = search(&server, None, json!({"query": "archive", "first": 1})).await;
    let edge = &page.expect_data()["search"]["edges"][0];
    SERVICE.delete(&server, &edge["node"]).await;
    let rest = json!({"query": "archive", "first": 100, "after": edge["cursor"]});
    eventually("the rest is left", async || {
        let rest = search(&server, None, rest.clone()).await;
        (names(&rest.expect_data()["search"]) == whole[1..]).then_some(())
    })
    .await;
}

on_both_databases!(pages_by_key_hold_everything_once_and_stay_good_when_entries_go);
