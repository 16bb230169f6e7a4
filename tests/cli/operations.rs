//! Operations, principals and services: what each needs, held against tables that were written by hand.
//!
//! The tables are of AWS's documentation and not of the code's own table, and the accounts are made of them.

mod account;
mod bundles;
mod generated;
mod managed;
mod needs;
mod principals;
mod projects;
mod published;
mod resource_policies;
mod services;
