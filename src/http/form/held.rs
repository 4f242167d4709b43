//! A form that is read to its end before it is sent: all its fields are known then, and it can be sent as often as need be.

use millrace_actors::fault::Fault;
use millrace_actors::wire::form::part::Head;
use millrace_actors::wire::form::scanner::Item;
use millrace_actors::wire::form::{closing, opening};

use super::reading::{Form, Reading};
use super::spool::{Room, Spool};

/// The rest of a form, of whose first file the head has been read.
pub async fn read(mut reading: Reading, head: Head, room: Option<Room<'_>>) -> Result<Form, Fault> {
    let mut spool = Spool::new(reading.kept, room);
    spool.write(&opening(&head, &reading.boundary)).await?;
    let mut in_file = true;
    while let Some(item) = reading.next().await? {
        if !matches!(item, Item::Content(_)) && std::mem::take(&mut in_file) {
            spool.write(b"\r\n").await?;
        }
        match item {
            Item::Part(head) if head.file => {
                reading.fields.file(&head)?;
                in_file = true;
                spool.write(&opening(&head, &reading.boundary)).await?;
            }
            Item::Part(head) => reading.fields.begins(head)?,
            Item::Content(bytes) if in_file => spool.write(&bytes).await?,
            Item::Content(bytes) => reading.fields.takes(&bytes)?,
            Item::End => reading.fields.ends()?,
        }
    }
    spool.write(&closing(&reading.boundary)).await?;
    let envelope = reading.fields.envelope()?;
    Ok(Form { envelope, boundary: reading.boundary, upload: spool.upload() })
}
