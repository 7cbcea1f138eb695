//! What is proposed, and what must be refused.
