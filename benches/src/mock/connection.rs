//! One connection: request after request is read, counted, given a plan, and answered.

use super::{
    asked::{Asked, Memo, holds_a_result},
    behaviour::Behaviour,
    body::Body,
    choices::{CloseOn, How},
    exchange::Exchange,
    fault::FaultKind,
    form,
    job::{Endpoint, Job},
    openai::answers,
    plan::Plan,
    player::{self, Flow, Outcome},
    prepare::prepare_fixed,
    protocol::writer,
    report::report,
    request::{Head, ReadError, read_body, read_head},
    route::{Route, model_in, route},
    shared::Shared,
    socket::{Gone, Socket},
    wire::Wire,
    writer::{Refusal, Words},
};
use bytes::Bytes;
use std::sync::{Arc, atomic::Ordering};

/// A connection and what it has seen.
pub struct Connection {
    socket: Socket,
    shared: Arc<Shared>,
    id: u64,
    served: u64,
    scratch: Vec<u8>,
    memo: Memo,
}

impl Connection {
    /// A connection that has just been accepted, as the `id`-th.
    pub fn new(socket: Socket, shared: Arc<Shared>, id: u64) -> Self {
        Self { socket, shared, id, served: 0, scratch: Vec::new(), memo: Memo::default() }
    }

    /// Answers requests until the connection ends.
    pub async fn serve(mut self) {
        if self.shared.mute.load(Ordering::Relaxed) {
            return self.socket.gone().await;
        }
        loop {
            let head = match read_head(&mut self.socket, self.shared.board.records()).await {
                Ok(head) => head,
                Err(ReadError::Gone) => return,
                Err(ReadError::Refused(status)) => return self.refuse_head(status).await,
            };
            let exchange = Exchange::open(&self.shared, &head.path, &mut self.socket);
            let close = head.close;
            if self.answer(head, exchange).await == Flow::Close || close {
                return;
            }
        }
    }

    /// Something that is no request.
    async fn refuse_head(&mut self, status: u16) {
        let exchange = Exchange::open(&self.shared, "malformed", &mut self.socket);
        let _ = self.refuse(Endpoint::Chat, (status, "The request cannot be read"), exchange).await;
    }

    async fn answer(&mut self, head: Head, exchange: Exchange) -> Flow {
        let path = head.path.clone();
        match route(&head.method, &path) {
            Route::Api(endpoint) => self.api(endpoint, head, exchange).await,
            Route::Models => {
                let list = answers::models(&self.shared.config.models, self.shared.created);
                self.fixed(head, Body::json(200, list), exchange).await
            }
            Route::Model(name) => {
                let model = answers::model(name, self.shared.created);
                self.fixed(head, Body::json(200, model), exchange).await
            }
            own => self.own(own, head, exchange).await,
        }
    }

    /// The mock's own pages: no behaviour touches them.
    async fn own(&mut self, route: Route<'_>, head: Head, exchange: Exchange) -> Flow {
        match read_body(&mut self.socket, &head, self.shared.config.max_body, 0).await {
            Ok(body) if matches!(route, Route::WrongMethod | Route::Unknown) => exchange.record(&head, body, self.id),
            Ok(_) => {}
            Err(error) => return self.unread(Endpoint::Chat, error, exchange).await,
        }
        let body = match route {
            Route::Stats => {
                let stats = serde_json::to_string(&self.shared.board.stats()).unwrap_or_default();
                Body::json(200, stats)
            }
            Route::Requests => Body::json(200, report(&self.shared.board.recorded())),
            Route::Reset => {
                self.shared.board.reset();
                Body::json(200, "{\"status\":\"reset\"}".to_owned())
            }
            Route::Health => Body::json(200, "{\"status\":\"ok\"}".to_owned()),
            Route::WrongMethod => Body::json(
                405,
                answers::error(405, Words { message: Some("Not allowed: another method"), ..Words::default() }),
            ),
            _ => {
                let message = format!("Unknown request URL: {} {}", head.method, head.path);
                Body::json(
                    404,
                    answers::error(
                        404,
                        Words { code: Some("unknown_url"), message: Some(&message), ..Words::default() },
                    ),
                )
            }
        };
        let plan = Arc::new(Plan::new(Behaviour::default()));
        self.play_fixed(&plan, (Endpoint::Chat, body), &head, exchange).await
    }

    /// An answer that is always the same, under the server's behaviour.
    async fn fixed(&mut self, head: Head, body: Body, mut exchange: Exchange) -> Flow {
        if let Err(error) = self.body(&head, 0, &mut exchange).await {
            return self.unread(Endpoint::Chat, error, exchange).await;
        }
        match self.shared.default_plan().overridden(None, head.x_mock.as_deref()) {
            Ok(plan) => self.play_fixed(&plan, (Endpoint::Chat, body), &head, exchange).await,
            Err(error) => self.refuse(Endpoint::Chat, (400, &error.to_string()), exchange).await,
        }
    }

    async fn play_fixed(
        &mut self,
        plan: &Plan,
        (endpoint, body): (Endpoint, Body),
        head: &Head,
        exchange: Exchange,
    ) -> Flow {
        let asked = Asked::default();
        let shared = Arc::clone(&self.shared);
        let wire = prepare_fixed(&job(&shared, plan, head, &asked, (endpoint, 0)), body);
        self.play(&wire, plan, exchange).await
    }

    async fn api(&mut self, endpoint: Endpoint, head: Head, mut exchange: Exchange) -> Flow {
        let base = self.shared.next_plan();
        let before = match base.overridden(None, head.x_mock.as_deref()) {
            Ok(plan) => plan,
            Err(error) => return self.refuse(endpoint, (400, &error.to_string()), exchange).await,
        };
        match before.behaviour.fault.kind {
            FaultKind::Deaf | FaultKind::Early => {
                exchange.record(&head, Bytes::new(), self.id);
                let asked = Asked::default();
                let shared = Arc::clone(&self.shared);
                let wire = before.wire(&job(&shared, &before, &head, &asked, (endpoint, 0)));
                let _ = self.play(&wire, &before, exchange).await;
                return Flow::Close;
            }
            _ => {}
        }
        let body = match self.body(&head, before.behaviour.read_rate, &mut exchange).await {
            Ok(body) => body,
            Err(error) => return self.unread(endpoint, error, exchange).await,
        };
        // Taken out while it is borrowed from: the answer needs the whole connection.
        let mut memo = std::mem::take(&mut self.memo);
        let form = head.content_type.as_deref().filter(|kind| kind.starts_with("multipart/"));
        let asked = match form.map(|kind| form::scan(kind, &body)) {
            Some(Ok(asked)) => memo.keep(asked),
            Some(Err(why)) => {
                return self.refuse(endpoint, (400, &format!("This is no form: {why}")), exchange).await;
            }
            None => match memo.scan(&body, model_in(&head.path), head.path.contains(":streamGenerateContent")) {
                Ok(asked) => asked,
                Err(error) => {
                    let message = format!("We could not parse the JSON body of your request: {error}");
                    return self.refuse(endpoint, (400, &message), exchange).await;
                }
            },
        };
        let plan = match base.overridden(asked.model.as_deref(), head.x_mock.as_deref()) {
            Ok(plan) if plan.behaviour.until_told && holds_a_result(&body) => {
                let silent =
                    head.x_mock.iter().map(String::as_str).chain(["tool-calls=0"]).collect::<Vec<_>>().join(",");
                base.overridden(asked.model.as_deref(), Some(&silent)).unwrap_or(plan)
            }
            Ok(plan) => plan,
            Err(error) => return self.refuse(endpoint, (400, &error.to_string()), exchange).await,
        };
        let shared = Arc::clone(&self.shared);
        let job = job(&shared, &plan, &head, asked, (endpoint, body.len()));
        let taken = writer(endpoint).signed(&head, &body, &plan.behaviour).and_then(|()| taken(&job, &head));
        let wire = match taken {
            Ok(()) => plan.wire(&job),
            Err(Refusal { status, message }) => {
                let body = Body::json(
                    status,
                    writer(endpoint).error(status, Words { message: Some(&message), ..Words::default() }),
                );
                self.memo = memo;
                let plan = Plan::new(Behaviour::default());
                return self.play_fixed(&plan, (endpoint, body), &head, exchange).await;
            }
        };
        self.memo = memo;
        self.play(&wire, &plan, exchange).await
    }

    async fn body(&mut self, head: &Head, rate: u32, exchange: &mut Exchange) -> Result<Bytes, ReadError> {
        let max = self.shared.config.max_body;
        let body = read_body(&mut self.socket, head, max, rate).await?;
        exchange.record(head, body.clone(), self.id);
        Ok(body)
    }

    /// The body could not be read.
    async fn unread(&mut self, endpoint: Endpoint, error: ReadError, exchange: Exchange) -> Flow {
        match error {
            ReadError::Gone => {
                exchange.close(Outcome::Cancelled, &mut self.socket);
                Flow::Close
            }
            ReadError::Refused(status) => {
                self.refuse(endpoint, (status, "The request body cannot be read"), exchange).await
            }
        }
    }

    /// The mock's own refusal; the connection ends, as the request may not have been read in full.
    async fn refuse(&mut self, endpoint: Endpoint, (status, message): (u16, &str), exchange: Exchange) -> Flow {
        let words = Words { code: Some("mock_cannot_read_this"), message: Some(message), ..Words::default() };
        let body = Body::json(status, writer(endpoint).error(status, words));
        let plan = Plan::new(Behaviour::fault(FaultKind::None));
        let _ = self.play_fixed(&plan, (endpoint, body), &Head::default(), exchange).await;
        self.socket.linger(std::time::Duration::from_secs(1), 0).await;
        Flow::Close
    }

    /// Plays an answer and decides whether the connection goes on.
    async fn play(&mut self, wire: &Wire, plan: &Plan, mut exchange: Exchange) -> Flow {
        exchange.start(wire.stream, &plan.faults);
        self.served += 1;
        wire.numbered(self.shared.number(), &mut self.scratch);
        let (outcome, flow) = match player::play(&mut self.socket, wire, &self.scratch, &plan.behaviour).await {
            Ok(()) => player::end(&mut self.socket, wire).await,
            Err(Gone) => (Outcome::Cancelled, Flow::Close),
        };
        exchange.close(outcome, &mut self.socket);
        if !player::last_rites(&mut self.socket, wire, &plan.behaviour).await {
            self.shared.board.count(|stats| stats.connections_left_open += 1);
        }
        let limit = u64::from(plan.behaviour.close_after);
        if flow == Flow::Close || limit == 0 || self.served < limit {
            return flow;
        }
        if plan.behaviour.close_on == CloseOn::Next {
            let _ = self.socket.fill(1).await;
        }
        if plan.behaviour.how == How::Rst {
            self.socket.reset_on_drop();
        }
        Flow::Close
    }
}

/// Whether the provider would take the request: its key, if the behaviour asks for one, and what the protocol asks for.
fn taken(job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
    let writer = writer(job.endpoint);
    let wanted = job.behaviour.key.as_deref();
    if wanted.is_some_and(|key| writer.credential(head) != Some(key)) {
        let message = "the mock was told to take one key only (key=), and it did not come in the header for it";
        return Err(Refusal { status: 401, message: message.to_owned() });
    }
    writer.check(job, head)
}

fn job<'a>(
    shared: &'a Shared,
    plan: &'a Plan,
    head: &'a Head,
    asked: &'a Asked<'a>,
    (endpoint, body_len): (Endpoint, usize),
) -> Job<'a> {
    Job {
        endpoint,
        asked,
        behaviour: &plan.behaviour,
        authorization: head.authorization.as_deref().or(head.api_key.as_deref()),
        body_len,
        model_suffix: &shared.config.model_suffix,
        created: shared.created,
    }
}
