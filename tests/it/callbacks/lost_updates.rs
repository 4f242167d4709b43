//! `If-Match`: of those who have seen the same generation, one may change it.

use std::sync::{Arc, Barrier};

use millrace_lab::mock::{MockConfig, MockServer};

use super::admin::{headers, put};
use crate::harness::{Gateway, chat};

const RIVALS: usize = 8;
const ROUNDS: u64 = 15;

#[test]
fn of_many_changes_at_one_generation_exactly_one_wins() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::before(&mock);
    for round in 1..=ROUNDS {
        let together = Arc::new(Barrier::new(RIVALS));
        let rivals: Vec<_> = (0..RIVALS)
            .map(|n| {
                let client = gateway.client().header("if-match", &format!("\"{round}\""));
                let together = Arc::clone(&together);
                std::thread::spawn(move || {
                    together.wait();
                    (n, put(&client, "mark", &headers(&n.to_string())))
                })
            })
            .collect();
        let answers: Vec<_> = rivals.into_iter().map(|rival| rival.join().expect("a rival")).collect();
        let winners: Vec<_> = answers.iter().filter(|(_, answer)| answer.status == 200).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        for (_, answer) in answers.iter().filter(|(_, answer)| answer.status != 200) {
            let error = answer.error(412);
            assert!(error["message"].as_str().is_some_and(|m| m.contains("generation")), "{error}");
        }
        let (winner, answer) = winners[0];
        assert_eq!(answer.json()["generation"], round + 1);
        let shown = gateway.client().chat(&chat("m", serde_json::json!({})));
        assert_eq!(shown.header("x-a"), Some(winner.to_string().as_str()));
    }
}
