//! Vertex AI: project and place, the address that follows from them, and with whose token it is called.

use std::path::Path;

use super::own::Own;
use crate::config::base_url::BaseUrl;
use crate::config::model::Below;
use crate::config::reader::{Reader, Section};
use crate::credentials::{self, AccountFile, AccountFileError, Address, Google, METADATA_HOST, Source};
use crate::providers::segment::segment;

/// Where models run if nothing else is written (LiteLLM).
const LOCATION: &str = "us-central1";

/// Regions of many places, each behind one host (COMPAT 9; Google, "Multi-region endpoints").
const GEOS: [&str; 2] = ["us", "eu"];

/// How the names of models begin that are called in a protocol of ours.
const SERVED: [&str; 5] =
    ["claude", "gemini", "text-embedding-", "text-multilingual-embedding-", "textembedding-gecko"];

/// Where Google's own hosts end: a token may go there, whoever's it is.
const HOSTS: &str = ".googleapis.com";

/// The place and the project of a deployment, as they are written or as the environment has them.
struct Site {
    project: String,
    location: String,
}

/// The address of the location, where none is written.
pub(super) fn base(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<BaseUrl> {
    let location = location(reader, params)?;
    let host = match location.as_str() {
        "global" => "aiplatform.googleapis.com".to_owned(),
        geo if GEOS.contains(&geo) => format!("aiplatform.{geo}.rep.googleapis.com"),
        region => format!("{region}-aiplatform.googleapis.com"),
    };
    BaseUrl::parse(&format!("https://{host}")).ok()
}

/// Whether we speak the protocol of whoever made the model, which its name tells. A `*` may stand for no other maker's.
pub(super) fn is_served(reader: &mut Reader<'_>, params: &Section<'_>, model: &str) -> bool {
    let served = SERVED.iter().any(|start| model.starts_with(start));
    if !served {
        let (path, node) = (params.path("model"), params.get("model").unwrap_or(params.node));
        let message = "of Vertex AI's models, only Gemini, Claude and models of text embeddings are supported yet";
        reader.left_out((node, &path), message, "name one, or write `vertex_ai/gemini-*` or `vertex_ai/claude-*`");
    }
    served
}

/// What is Vertex AI's own about a deployment. `base` is its address, `written` whether the operator wrote that.
pub(super) fn read(
    reader: &mut Reader<'_>,
    params: &Section<'_>,
    (base, written): (&BaseUrl, bool),
    has_key: bool,
) -> Own {
    let credential = if has_key { Ok(None) } else { credential(reader, params, (base, written)) };
    let Ok(credential) = credential else { return Own::default() };
    // an address may lead to one model already, as LiteLLM takes it
    if base.as_str().contains("/publishers/") {
        return Own { below: Below::default(), credential, ..Own::default() };
    }
    let of_account = credential.as_ref().and_then(|source| match source {
        Source::Google(Google::File(file)) => file.project.clone(),
        _ => None,
    });
    let Some(site) = site(reader, params, of_account) else { return Own::default() };
    let version = if ends_with_version(base.as_str()) { "" } else { "/v1" };
    let path = segment(&site.project).zip(segment(&site.location));
    let path = path.map(|(project, location)| format!("{version}/projects/{project}/locations/{location}/publishers"));
    Own {
        below: Below { path: path.unwrap_or_default(), model_in_path: true, ..Below::default() },
        credential,
        ..Own::default()
    }
}

fn ends_with_version(base: &str) -> bool {
    base.ends_with("/v1") || base.ends_with("/v1beta1")
}

fn site(reader: &mut Reader<'_>, params: &Section<'_>, of_account: Option<String>) -> Option<Site> {
    let location = location(reader, params)?;
    let written = reader.text(params, "vertex_project").map(|text| text.value.to_string());
    let of_env = reader.vars.first(&["VERTEXAI_PROJECT"]);
    let fallback = || of_account.or_else(|| reader.vars.first(&["GOOGLE_CLOUD_PROJECT"]));
    let path = params.path("vertex_project");
    let Some(project) = written.or(of_env).or_else(fallback) else {
        let help = "write `vertex_project`, or set VERTEXAI_PROJECT";
        reader.error("MR1023", (params.node, &path), &format!("`{path}` is missing"), help);
        return None;
    };
    if segment(project.trim()).is_none() {
        let help = "write the project's id, such as `my-project-123`";
        reader.error("MR1030", (params.node, &path), &format!("`{path}` is no usable name"), help);
        return None;
    }
    Some(Site { project: project.trim().to_owned(), location })
}

/// The location. It becomes a part of a host, so it may hold nothing else.
fn location(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<String> {
    let written = reader.text(params, "vertex_location").map(|text| text.value.to_string());
    let location = written.or_else(|| reader.vars.first(&["VERTEXAI_LOCATION", "VERTEX_LOCATION"]));
    let location = location.map_or_else(|| LOCATION.to_owned(), |text| text.trim().to_owned());
    if location.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Some(location);
    }
    let path = params.path("vertex_location");
    let help = "write a region such as `us-central1`, or `global`";
    reader.error("MR1030", (params.node, &path), &format!("`{path}` is no location"), help);
    None
}

/// Where tokens come from; the error has been told. What the environment has is not used where an address is written that is
/// none of Google's, since whoever is there would be handed a token for all of the account's cloud.
fn credential(
    reader: &mut Reader<'_>,
    params: &Section<'_>,
    (base, written): (&BaseUrl, bool),
) -> Result<Option<Source>, ()> {
    let path = params.path("vertex_credentials");
    if let Some(text) = reader.text(params, "vertex_credentials") {
        return file(reader, params, (&path, &text.value)).map(Some);
    }
    if written && !(base.https() && base.host().ends_with(HOSTS)) {
        let message = "no credential is sent: another address is written, and what the environment has is for Google's";
        let help = format!("if it is meant for that address, write `{path}`");
        reader.notice("MR1304", (params.node, &path), message, &help);
        return Ok(None);
    }
    let named = reader.vars.first(&["VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"]);
    if let Some(text) = named {
        return file(reader, params, (&path, &text)).map(Some);
    }
    if let Some(default) = default_file(reader) {
        return file(reader, params, (&path, &default)).map(Some);
    }
    let host = reader.vars.first(&["GCE_METADATA_HOST"]).unwrap_or_else(|| METADATA_HOST.to_owned());
    match Address::parse(&format!("http://{}", host.trim())) {
        Ok(address) => Ok(Some(Source::Google(Google::Metadata(address)))),
        Err(problem) => {
            let message = format!("the address in GCE_METADATA_HOST cannot be called: {problem}");
            reader.error("MR1033", (params.node, &path), &message, "correct the variable");
            Err(())
        }
    }
}

/// Where `gcloud auth application-default login` leaves a person's credentials, if it has.
fn default_file(reader: &Reader<'_>) -> Option<String> {
    let folder = reader.vars.first(&["CLOUDSDK_CONFIG"]);
    let folder = folder.or_else(|| Some(format!("{}/.config/gcloud", reader.vars.first(&["HOME"])?)))?;
    let file = format!("{folder}/application_default_credentials.json");
    Path::new(&file).is_file().then_some(file)
}

/// A file of credentials, given by its name or as its text.
fn file(reader: &mut Reader<'_>, params: &Section<'_>, (path, given): (&str, &str)) -> Result<Source, ()> {
    let given = given.trim();
    let parsed = match given.starts_with('{') {
        true => AccountFile::parse(given).map_err(|error| complaint("", &error)),
        false => credentials::file::read(Path::new(given))
            .map_err(|cause| format!("the file {given:?} cannot be read: {cause}"))
            .and_then(|text| AccountFile::parse(text.expose()).map_err(|error| complaint(given, &error))),
    };
    parsed.map(|file| Source::Google(Google::File(file))).map_err(|message| {
        let help = "give the JSON of a service account, or the name of a file that holds it";
        let node = params.get("vertex_credentials").unwrap_or(params.node);
        reader.error("MR1039", (node, path), &message, help);
    })
}

fn complaint(file: &str, error: &AccountFileError) -> String {
    let what = if file.is_empty() { "the credential".to_owned() } else { format!("the credential in {file:?}") };
    format!("{what} cannot be used: {error}")
}
