//! Profiles: the named, versioned rules that turn events into sessions.
