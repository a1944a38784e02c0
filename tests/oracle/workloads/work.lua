-- SPDX-License-Identifier: Apache-2.0
-- Strings, tables, closures, coroutines and the collector: about 10^5 allocations.
local words = {}
for i = 1, 4000 do
  words[i] = string.format("word-%05d-%s", (i * 7919) % 10007, string.rep("x", i % 17))
end
table.sort(words)
local counts = {}
for _, w in ipairs(words) do
  for part in w:gmatch("[^-]+") do counts[part] = (counts[part] or 0) + 1 end
end
local keys = {}
for k in pairs(counts) do keys[#keys + 1] = k end
table.sort(keys)
print(#keys, counts["word"])

local function tree(depth)
  if depth == 0 then return {} end
  return {tree(depth - 1), tree(depth - 1), depth = depth}
end
local function size(t) return t[1] and 1 + size(t[1]) + size(t[2]) or 1 end
for _ = 1, 3 do print(size(tree(11))) end

local producer = coroutine.wrap(function()
  for i = 1, 2000 do coroutine.yield(function() return i * i end) end
end)
local sum = 0
for _ = 1, 2000 do sum = sum + producer()() end
print(sum)

local text = table.concat(words, "\n")
print(#text:gsub("x+", function(s) return "<" .. #s .. ">" end))
local ok, err = pcall(function() error({code = 42}) end)
print(ok, err.code, select("#", table.unpack(words, 1, 200)))
io.stderr:write("to stderr\n")
collectgarbage()
leak = tree(6)
os.exit(3, false)
