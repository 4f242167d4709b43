//! A record as a line of JSON: what serde_json writes, byte for byte, at a third of its cost.
//!
//! serde_json looks at every byte of every name and value for something to escape, which was two thirds of the sink's work.
//! Names of fields have nothing to escape, and a value mostly not: that is seen eight bytes at a time.

use millrace_actors::record::LogRecord;
use millrace_actors::wire::skip;
use serde::ser::{Error as _, Impossible, Serialize, SerializeStruct, Serializer};
use serde_json::Error;

/// Appends a record, without the line's end.
///
/// # Errors
/// A field cannot be told in JSON; half a line may then have been written.
pub(super) fn write(record: &LogRecord, out: &mut Vec<u8>) -> Result<(), Error> {
    record.serialize(Line(out))
}

/// Writes one value: a record, or a field of it.
struct Line<'a>(&'a mut Vec<u8>);

/// Writes a record's fields.
struct Fields<'a>(&'a mut Vec<u8>);

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        // signs one by one: a slice of a byte or two costs as much as a name
        if !self.0.ends_with(b"{") {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'"');
        self.0.push(b':');
        let at = self.0.len();
        if value.serialize(Line(self.0)).is_err() {
            // the rare one that is not flat is serde_json's to write
            self.0.truncate(at);
            serde_json::to_writer(&mut *self.0, value)?;
        }
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.0.push(b'}');
        Ok(())
    }
}

/// What is rare or no text is serde_json's to write.
macro_rules! as_serde_json {
    ($($method:ident($type:ty)),*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            serde_json::Serializer::new(self.0).$method(value)
        })*
    };
}

/// What a field of a record hardly ever is.
macro_rules! not_flat {
    ($($method:ident($($type:ty),*) -> $part:ident),*) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::$part, Error> {
            Err(Error::custom("no flat value"))
        })*
    };
}

impl<'a> Serializer for Line<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    as_serde_json!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_bytes(&[u8])
    );

    not_flat!(
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant
    );

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if !skip::is_plain(text.as_bytes()) {
            return serde_json::Serializer::new(self.0).serialize_str(text);
        }
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error::custom("no flat value"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Error> {
        self.0.push(b'{');
        Ok(Fields(self.0))
    }
}

#[cfg(test)]
mod tests {
    use millrace_actors::wire::notes::Did;

    use super::*;
    use crate::callbacks::testing::{failure, record};

    #[test]
    fn a_line_is_what_serde_json_writes() {
        let odd = "quote \" backslash \\ line\n tab\t bell\u{7} é 漢 \u{7f} {";
        let mut records = vec![LogRecord::clone(&record("a")), LogRecord::clone(&failure(odd))];
        let texts = ["", "{", "eight by", "sixteen bytes .\"", odd];
        records.extend(texts.map(|text| LogRecord {
            model: text.into(),
            response_cost: Some("0.1".into()),
            completion_start_time: Some(1.5e-7),
            overhead_time: f64::NAN,
            total_tokens: u64::MAX,
            ..LogRecord::clone(&record("a"))
        }));
        let mut noted = LogRecord::clone(&record("a"));
        noted.params.add("seed", Did::Dropped, odd);
        noted.params.add("{", Did::Dropped, "");
        records.push(noted);
        for record in records {
            let mut line = b"{\"before\":1}\n".to_vec();
            let before = line.len();
            write(&record, &mut line).unwrap();
            assert_eq!(String::from_utf8_lossy(&line[before..]), serde_json::to_string(&record).unwrap());
        }
    }
}
