# Reads files the way programs written in Ruby do: the first argument names the reader.
require "dotenv"
require "json"
require "psych"

# Debian's version is older than Dotenv.parse.
def read_dotenv(path)
  Dotenv.respond_to?(:parse) ? Dotenv.parse(path) : Dotenv::Environment.new(path, false)
end

READERS = {
  "dotenv" => ->(path) { read_dotenv(path) },
  "json" => ->(path) { JSON.parse(File.read(path, encoding: "UTF-8")) },
  "yaml" => ->(path) { Psych.safe_load(File.read(path, encoding: "UTF-8")) }
}.freeze

puts JSON.generate(JSON.parse($stdin.read).map { |path|
  begin
    READERS.fetch(ARGV[0]).call(path)
  rescue Dotenv::FormatError, JSON::ParserError, Psych::Exception
    nil
  end
})
