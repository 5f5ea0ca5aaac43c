//! The words of random lines.

/// Common English words, roughly the most common first, so that a generator with a skew prefers
/// those that people prefer.
pub const WORDS: [&str; 200] = [
    "the", "and", "of", "to", "a", "in", "that", "it", "is", "was", "he", "for", "on", "with",
    "as", "you", "his", "at", "be", "not", "this", "have", "but", "by", "are", "from", "had",
    "they", "she", "or", "which", "one", "we", "all", "were", "her", "there", "been", "if", "when",
    "their", "an", "so", "would", "what", "will", "no", "out", "said", "up", "who", "more", "some",
    "them", "could", "time", "into", "has", "then", "do", "about", "like", "very", "now", "your",
    "other", "my", "first", "over", "such", "only", "these", "new", "any", "man", "way", "before",
    "made", "well", "after", "where", "can", "little", "old", "good", "day", "two", "come",
    "again", "must", "down", "see", "upon", "long", "never", "much", "how", "here", "great", "own",
    "came", "back", "think", "know", "people", "go", "than", "through", "years", "house", "us",
    "work", "life", "take", "hand", "night", "might", "every", "look", "right", "place", "most",
    "still", "eye", "water", "world", "head", "men", "off", "went", "thought", "far", "last",
    "part", "too", "under", "while", "white", "thing", "found", "room", "always", "once", "side",
    "door", "half", "young", "heart", "sea", "light", "tree", "wind", "stone", "river", "bread",
    "morning", "garden", "winter", "summer", "road", "letter", "window", "table", "bird", "horse",
    "fire", "rain", "snow", "star", "field", "mountain", "paper", "song", "boat", "bridge",
    "market", "lamp", "voice", "clock", "shore", "island", "forest", "silver", "golden", "green",
    "small", "quiet", "early", "late", "slow", "swift", "warm", "cold", "deep", "high", "open",
    "evening", "harbour", "village", "kitchen",
];
